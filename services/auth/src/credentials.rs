//! Passwords and e-mail addresses: their changes, and the one-time tokens that are sent to confirm them.

pub mod change_password;
pub mod confirm_email;
pub mod http;
pub(crate) mod issue;
pub mod model;
pub(crate) mod own_password;
pub mod postgres;
mod renew_hash;
pub mod request_email_change;
pub mod request_reset;
pub mod request_verification;
pub mod reset_password;

pub(crate) use self::{
    issue::send_verification, postgres::delete_tokens, renew_hash::Renewal,
    request_reset::ResetRequests,
};
