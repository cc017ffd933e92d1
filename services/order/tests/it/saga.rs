//! Sagas and what is done beside them.

mod housekeeping;
mod sagas;
