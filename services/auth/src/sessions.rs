//! Sessions: logging in, staying so by refresh tokens, and logging out.

pub mod device;
pub mod http;
pub(crate) mod log_in;
pub mod model;
pub mod postgres;
pub mod session;

pub(crate) use self::postgres::{end, insert as begin, live_user};
