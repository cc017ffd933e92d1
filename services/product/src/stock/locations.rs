//! Locations: where units are.

pub mod http;
pub mod model;
pub mod postgres;

pub(crate) use self::postgres::{LocationRow, insert, rows, total};
