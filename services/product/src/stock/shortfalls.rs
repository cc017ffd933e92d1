//! Shortfalls: units that committed orders have and a stock level has not.

pub(crate) mod give_up;
pub mod http;
pub mod model;
pub mod postgres;

pub(crate) use self::postgres::{open, settle};
pub(crate) use give_up::give_up;
