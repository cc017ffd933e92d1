//! The endpoints of sessions.

mod end_session;
mod list_sessions;
mod log_in;
mod log_out;
mod log_out_all;
mod refresh_cookie;
mod refresh_session;
mod validate_session;
