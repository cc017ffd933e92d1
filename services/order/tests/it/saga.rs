//! Sagas and maintenance.

mod maintenance;
mod panics;
mod sagas;
mod unreadable;
