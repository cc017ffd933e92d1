//! How long a key is valid. Every key ends by itself, so that one that was forgotten does no harm for ever.

use chrono::{DateTime, Duration, Utc};

const DEFAULT: Duration = Duration::days(90);
const MAX: Duration = Duration::days(366);
/// An access token lives this long: a key that ends earlier could not be used for one.
const MIN: Duration = Duration::minutes(5);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ExpiryError {
    #[error("must be at least {} minutes in the future", MIN.num_minutes())]
    Soon,
    #[error("must be at most {} days in the future", MAX.num_days())]
    Late,
}

/// When a key that is made now expires.
pub fn expiry(
    requested: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, ExpiryError> {
    let expiry = requested.unwrap_or(now + DEFAULT);
    let lifetime = expiry.signed_duration_since(now);
    if lifetime < MIN {
        Err(ExpiryError::Soon)
    } else if lifetime > MAX {
        Err(ExpiryError::Late)
    } else {
        Ok(expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_90_days_or_as_long_as_requested_up_to_a_year() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let after = |lifetime| expiry(Some(now + lifetime), now);
        assert_eq!(expiry(None, now), Ok(now + Duration::days(90)));
        for lifetime in [MIN, MAX] {
            assert_eq!(after(lifetime), Ok(now + lifetime));
        }
        let second = Duration::seconds(1);
        assert_eq!(after(MIN - second), Err(ExpiryError::Soon));
        assert_eq!(after(-second), Err(ExpiryError::Soon));
        assert_eq!(after(MAX + second), Err(ExpiryError::Late));
        for extreme in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(expiry(Some(extreme), now).is_err());
        }
    }
}
