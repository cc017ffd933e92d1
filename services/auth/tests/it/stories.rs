//! What happens to people, told from their first request to their last.

mod fired_admin;
//! What happens to people, each told by one test.

mod lost_phone;
mod stolen_refresh_token;
