//! What happens to people, told from their first request to their last.

mod fired_admin;
mod forgotten_person;
mod lost_authenticator;
mod lost_phone;
mod stolen_refresh_token;
