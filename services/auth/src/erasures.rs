//! Deleted users whom other services have to forget (ORDERS 28): each service reads who is due, and reports what it erased.

pub mod http;
pub mod model;
pub mod postgres;
pub mod record_results;

pub(crate) use self::postgres::{due, request};
