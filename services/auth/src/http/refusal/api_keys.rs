//! How the errors of API keys become problems.

use web::Problem;

use crate::api_keys::{create::CreateError, exchange::ExchangeError, revoke::RevokeError};

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::NotHeld(grant) => Self::forbidden(format!(
                "You do not hold the permission {grant}, so a key of yours cannot have it."
            )),
            CreateError::Expiry(error) => {
                Self::invalid_field("/expires_at", "out_of_range", error.to_string())
            }
            CreateError::Limit(error) => error.into(),
            CreateError::TooMany(_) => Self::conflict(
                "too_many_api_keys",
                "You have as many API keys as a user may have; revoke one first.",
            ),
            CreateError::Deleted => Self::not_found(),
            CreateError::Database(error) => error.into(),
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::NotFound => Self::not_found(),
            RevokeError::Database(error) => error.into(),
        }
    }
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Invalid => Self::unauthorized(
                "api_key_invalid",
                "The API key is not valid; create another.",
            ),
            ExchangeError::Limit(error) => error.into(),
            ExchangeError::Database(error) => error.into(),
            ExchangeError::Signing(error) => Self::internal(&error),
        }
    }
}
