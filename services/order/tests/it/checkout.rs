//! Placing orders beyond single endpoints.

mod unpaid_units;
mod without_key;
