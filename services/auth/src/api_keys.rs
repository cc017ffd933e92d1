//! API keys: what a program presents in place of a login, exchanged for short access tokens (ORDERS 32).

pub(crate) mod create;
pub(crate) mod exchange;
pub mod http;
pub mod model;
pub mod postgres;
pub(crate) mod revoke;

pub(crate) use self::postgres::{erase, revoke_all, rows, rows_of, total, total_of};
