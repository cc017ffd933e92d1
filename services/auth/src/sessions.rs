//! Sessions: login, refresh and logout.

pub mod device;
pub mod http;
pub(crate) mod log_in;
pub mod model;
pub mod postgres;
pub mod session;

pub(crate) use self::postgres::{end, end_all, insert as begin, live_user, renew};
