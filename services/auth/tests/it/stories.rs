//! What happens to people, each told by one test.

mod lost_phone;
mod stolen_refresh_token;
