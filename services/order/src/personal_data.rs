//! What order keeps of its customers, and how it is erased when they are deleted (ORDERS 28).
//!
//! | column | when its order is anonymized |
//! |---|---|
//! | `orders.shipping_address`, `orders.note` | erased |
//! | `payments.note`, `refunds.reason`, `returns.reason` | erased |
//! | `fulfillments.tracking_number`, `tracking_url` | erased: they lead to the recipient |
//! | `fulfillments.carrier` | kept: a company |
//! | `order_items.name`, SKUs | kept: the product's |
//! | `payments.method`, `provider_reference`, `refusal`, `refunds.refusal` | kept: names and codes of the provider, for the accounts |
//! | `refusal` of fulfillments and returns, `last_error` | kept: codes and errors of the services |
//! | `order_events.data` | kept: states, ids, and names of changed fields |
//! | `idempotency_keys` | deleted by age; they hold hashes and ids |
//! | `mock_provider_*`, `order_audits`, `order_shortfalls` | kept: ids, sums, codes |
//!
//! Ids of users stay: without auth's row they name no person.

mod erase_customer;
pub mod ports;
mod postgres;

pub use erase_customer::EraseCustomer;
