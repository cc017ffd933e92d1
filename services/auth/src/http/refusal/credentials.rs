//! Errors of passwords and e-mail addresses.

use web::Problem;

use super::guessable;
use crate::credentials::{
    change_password::ChangePasswordError, confirm_email::ConfirmEmailError,
    own_password::OwnPasswordError, request_email_change::RequestEmailChangeError,
    request_reset::RequestResetError, request_verification::RequestVerificationError,
    reset_password::ResetPasswordError,
};

fn own_password(pointer: &'static str, error: OwnPasswordError) -> Problem {
    match error {
        OwnPasswordError::Wrong => Problem::invalid_field(
            pointer,
            "password_incorrect",
            "the password is not that of your account; send your current password",
        ),
        OwnPasswordError::Limit(error) => error.into(),
        OwnPasswordError::Password(error) => error.into(),
        OwnPasswordError::Database(error) => error.into(),
    }
}

fn token_invalid_or_expired() -> Problem {
    Problem::invalid_field(
        "/token",
        "token_invalid_or_expired",
        "the token is not valid, was used, or has expired; ask for another message",
    )
}

fn session_ended() -> Problem {
    Problem::unauthorized("session_ended", "The session has ended; log in again.")
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Unchanged => Self::invalid_field(
                "/new_password",
                "password_unchanged",
                "the new password is the current one; choose another",
            ),
            ChangePasswordError::Guessable(error) => guessable("/new_password", error),
            ChangePasswordError::Current(error) => own_password("/current_password", error),
            ChangePasswordError::Concurrent => Self::conflict(
                "password_changed",
                "Another request changed the password at the same time; retry with the current one.",
            ),
            ChangePasswordError::SessionEnded => session_ended(),
            ChangePasswordError::Password(error) => error.into(),
            ChangePasswordError::Database(error) => error.into(),
            ChangePasswordError::Signing(error) => Self::internal(&error),
        }
    }
}

impl From<RequestResetError> for Problem {
    fn from(error: RequestResetError) -> Self {
        match error {
            RequestResetError::Full => Self::unavailable(1).with_cause(&error),
            RequestResetError::Limit(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::InvalidToken => token_invalid_or_expired(),
            ResetPasswordError::Guessable(error) => guessable("/password", error),
            ResetPasswordError::Limit(error) => error.into(),
            ResetPasswordError::Password(error) => error.into(),
            ResetPasswordError::Database(error) => error.into(),
        }
    }
}

impl From<ConfirmEmailError> for Problem {
    fn from(error: ConfirmEmailError) -> Self {
        match error {
            ConfirmEmailError::InvalidToken => token_invalid_or_expired(),
            ConfirmEmailError::Account(error) => error.into(),
            ConfirmEmailError::Database(error) => error.into(),
        }
    }
}

impl From<RequestVerificationError> for Problem {
    fn from(error: RequestVerificationError) -> Self {
        match error {
            RequestVerificationError::Verified => Self::conflict(
                "email_already_verified",
                "The e-mail address is verified already; no message was sent.",
            ),
            RequestVerificationError::Gone => session_ended(),
            RequestVerificationError::Limit(error) => error.into(),
            RequestVerificationError::Database(error) => error.into(),
        }
    }
}

impl From<RequestEmailChangeError> for Problem {
    fn from(error: RequestEmailChangeError) -> Self {
        match error {
            RequestEmailChangeError::Unchanged => Self::invalid_field(
                "/new_email",
                "email_unchanged",
                "the account has this address already; send another",
            ),
            RequestEmailChangeError::Own(error) => own_password("/password", error),
            RequestEmailChangeError::Gone => session_ended(),
            RequestEmailChangeError::Limit(error) => error.into(),
            RequestEmailChangeError::Database(error) => error.into(),
        }
    }
}
