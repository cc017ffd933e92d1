//! How the errors of this service become problems. Each error is translated here and nowhere else.

mod credentials;

use web::{Problem, conditional::IfMatch};

use crate::{
    accounts::{
        AccountError, model::GuessablePassword, passwords::PasswordsError, sign_up::SignUpError,
    },
    limits::LimitError,
    sessions::{log_in::LogInError, session::RefreshError},
};

impl From<PasswordsError> for Problem {
    fn from(error: PasswordsError) -> Self {
        match error {
            PasswordsError::Full => Self::unavailable(1).with_cause(&error),
            PasswordsError::Hash(_) | PasswordsError::Thread | PasswordsError::Start(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::EmailTaken => Self::conflict(
                "account_exists",
                "An account with this e-mail address exists. Log in, or use another address.",
            ),
            AccountError::UsernameTaken => {
                Self::conflict("username_taken", "This username is taken; choose another.")
            }
            AccountError::Stale => IfMatch::stale(),
            AccountError::Database(error) => error.into(),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Admin => {
                Self::forbidden("Registration with the role admin is not allowed.")
            }
            SignUpError::VendorsClosed => {
                Self::forbidden("This shop does not allow registration with the role vendor.")
            }
            SignUpError::GuessablePassword(error) => guessable("/password", error),
            SignUpError::Limit(error) => error.into(),
            SignUpError::Password(error) => error.into(),
            SignUpError::Account(error) => error.into(),
            SignUpError::Database(error) => error.into(),
            SignUpError::Signing(error) => Self::internal(&error),
        }
    }
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded(exceeded) => exceeded.into(),
            LimitError::Database(error) => error.into(),
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Refused => Self::unauthorized(
                "invalid_credentials",
                "No active account matches this name and password.",
            ),
            LogInError::Limit(error) => error.into(),
            LogInError::Password(error) => error.into(),
            LogInError::Database(error) => error.into(),
            LogInError::Signing(error) => Self::internal(&error),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Self::unauthorized(
                "refresh_token_invalid",
                "The refresh token is not valid; log in again.",
            ),
            RefreshError::Limit(error) => error.into(),
            RefreshError::Database(error) => error.into(),
            RefreshError::Signing(error) => Self::internal(&error),
        }
    }
}

fn guessable(pointer: &'static str, error: GuessablePassword) -> Problem {
    Problem::invalid_field(pointer, error.code(), error.to_string())
}
