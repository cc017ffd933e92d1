//! Sagas and what is done beside them.

mod housekeeping;
mod panics;
mod sagas;
