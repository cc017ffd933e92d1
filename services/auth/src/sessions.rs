//! Sessions: login, refresh, their list, and their end.

pub mod device;
pub(crate) mod grant;
pub mod http;
pub(crate) mod log_in;
pub(crate) mod log_out_all;
pub mod model;
pub mod postgres;
pub mod session;

pub(crate) use self::postgres::{
    count_live, end, end_all, erase, insert as begin, list_live, live_user, renew,
};
