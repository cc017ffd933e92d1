//! The endpoints of passwords and e-mail addresses.

mod change_password;
mod request_email_change;
mod request_email_verification;
mod request_password_reset;
mod reset_password;
mod verify_email;
