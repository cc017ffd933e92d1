//! The address book of a user: where orders are sent and billed to.

pub mod add_address;
pub mod change_address;
pub mod http;
pub mod model;
pub mod postgres;
pub mod remove_address;

pub use self::postgres::erase;
pub(crate) use self::postgres::{all, count, find, rows};
