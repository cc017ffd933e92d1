//! One file an endpoint, in a folder for each subject; and what holds of several.

mod aliases;
mod audit_log;
mod inventory;
mod locations;
mod openapi;
mod products;
mod reservations;
mod shortfalls;
mod unreadable_rows;
