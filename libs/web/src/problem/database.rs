//! What an error of the database means to the client whose request met it (ORDERS 12, 14).

use db::Failure;
use sqlx::Error;

use super::Problem;

/// 503 where trying again helps, else 500.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match Failure::of(error) {
            Failure::Retryable | Failure::Unknown => Self::unavailable(1).with_cause(error),
            Failure::Data | Failure::Defect => Self::internal(error),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_unavailable_and_the_rest_is_internal() {
        assert_eq!(Problem::from(Error::PoolTimedOut).status(), 503);
        assert_eq!(Problem::from(Error::RowNotFound).status(), 500);
    }
}
