//! The audit log: who did what to which account or role. A use case appends its entry in the transaction of its change. The
//! entries of other services are received from them.

pub mod http;
pub mod list_entries;
pub mod model;
pub mod postgres;
pub mod receive_entries;

pub(crate) use self::{
    model::{Action, Entry},
    postgres::append,
};
