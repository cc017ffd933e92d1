//! Locations: where units are.

mod create_location;
pub mod http;
pub mod model;
pub mod postgres;

pub(crate) use self::{
    create_location::create_location,
    postgres::{LocationRow, rows, total},
};
