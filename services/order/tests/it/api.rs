//! One file an endpoint, in a folder for each subject.

mod checkout;
mod fulfillment;
mod orders;
mod payments;
pub(crate) mod returns;
mod saga;
mod unreadable_rows;
