//! Shortfalls: units that committed orders have and a shelf has not.

pub(crate) mod give_up;
pub mod http;
pub mod model;
pub mod postgres;

pub(crate) use give_up::give_up;
