//! Accounts: who there is, how they sign up, and what they say of themselves.

pub mod first_admin;
pub mod http;
pub mod model;
pub mod passwords;
pub mod postgres;
mod sign_up;
