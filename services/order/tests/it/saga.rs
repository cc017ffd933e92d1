//! Sagas and maintenance.

mod housekeeping;
mod sagas;
