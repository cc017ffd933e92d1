//! The endpoints of shortfalls.

mod list_and_settle_shortfalls;
