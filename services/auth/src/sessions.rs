//! Sessions: login, refresh and logout.

pub mod device;
pub(crate) mod grant;
pub mod http;
pub(crate) mod log_in;
pub mod model;
pub mod postgres;
pub mod session;

pub(crate) use self::postgres::{end, insert as begin, live_user};
