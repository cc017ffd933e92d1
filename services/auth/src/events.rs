//! Events of accounts, for other services and for messages to users. A use case writes its event in the transaction of its
//! change.

pub mod model;
pub mod postgres;

pub(crate) use self::{
    model::{Event, EventType},
    postgres::publish,
};
