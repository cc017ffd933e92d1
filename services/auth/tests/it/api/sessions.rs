//! The endpoints of sessions.

mod log_in;
mod log_out;
mod refresh_session;
mod validate_session;
