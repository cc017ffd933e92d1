//! What order keeps of its customers, and how it is erased when they are deleted (ORDERS 28).
//!
//! | column | when its order is anonymized |
//! |---|---|
//! | `orders.shipping_address`, `orders.note` | erased |
//! | `payments.note`, `refunds.reason`, `returns.reason` | erased |
//! | `fulfillments.tracking_number`, `tracking_url` | erased: they lead to the recipient |
//! | `fulfillments.carrier` | erased: free text of the vendor |
//! | `order_items.name`, SKUs | kept: the product's |
//! | `payments.method`, `provider_reference`, `refusal`, `refunds.refusal` | kept: names and codes of the provider, for the accounts |
//! | `refusal` of fulfillments and returns | kept: codes of product |
//! | `last_error` | cleared by the step that succeeds; errors of our own calls, no text of a request |
//! | `order_events.data` | kept: states, ids, sums, codes, SKUs, and names of changed fields |
//! | `idempotency_keys` | deleted after a day; a hash of the request, ids, and the key that the client chose |
//! | the records of the mock provider, `order_audits`, `order_shortfalls` | kept: ids, sums, codes |
//!
//! Ids of users stay: without auth's row they name no person.
//!
//! A planned fulfillment of an ended order does not keep the address: only confirmed orders are shipped (ORDERS 22). An order
//! that a request from before the deletion writes later is found by a later pass, since auth names the user again until no
//! such request can write any more (`services/auth/src/erasures`).

mod erase_customer;
pub mod ports;
mod postgres;

pub use erase_customer::EraseCustomer;
