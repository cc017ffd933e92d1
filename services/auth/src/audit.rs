//! The audit log: who did what to which account or role. A use case appends its entry in the transaction of its change.

pub mod http;
pub mod list_entries;
pub mod model;
pub mod postgres;

pub(crate) use self::{
    model::{Action, Entry},
    postgres::append,
};
