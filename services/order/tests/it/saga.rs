//! Sagas and maintenance.

mod housekeeping;
mod panics;
mod sagas;
