//! Known devices: the token of an earlier login, so that the failures of others lock no user out ("device cookies", OWASP).
//!
//! The token proves that its holder has logged in to this account before. It grants no access: with it, failed attempts are
//! counted for the device, and not together with those of everyone who knows the account's name. It is signed and not
//! stored. A change of the password, the roles or the status raises the account's epoch, which invalidates older tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{
    accounts::model::{User, UserId},
    tokens::{model::Hash, secret::ServerKey},
};

/// How long a device is remembered after its last login.
pub const REMEMBERED: Duration = Duration::days(365);
/// The largest accepted clock difference between replicas.
const SKEW: Duration = Duration::minutes(5);

/// The bytes of version, device, user, epoch and second of issue.
const SIGNED: usize = 1 + 16 + 16 + 8 + 8;
const VERSION: u8 = 1;

/// A device whose token this server has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// The id that failed attempts are counted by.
    pub id: [u8; 16],
    /// The user who logged in from it.
    pub user: UserId,
    epoch: i64,
}

impl Device {
    /// The device of a user who has just logged in: the known one, or a new one.
    pub fn after_log_in(known: Option<Self>, user: &User) -> Self {
        Self {
            id: known.map_or_else(rand::random, |device| device.id),
            user: user.id,
            epoch: user.token_epoch,
        }
    }

    /// Whether the token is of this account, and its password, roles and status are still those of that login.
    pub fn is_known_to(&self, user: &User) -> bool {
        self.user == user.id && self.epoch == user.token_epoch
    }

    pub fn sign(&self, key: &ServerKey, now: DateTime<Utc>) -> String {
        let mut token = Vec::with_capacity(SIGNED + size_of::<Hash>());
        token.push(VERSION);
        token.extend(self.id);
        token.extend(self.user.0.as_bytes());
        token.extend(self.epoch.to_be_bytes());
        token.extend(now.timestamp().to_be_bytes());
        let tag = key.device_tag(&token);
        token.extend(tag);
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// Parses a token that a client presents; `None` if it was not signed here, or has expired.
    pub fn read(token: &str, key: &ServerKey, now: DateTime<Utc>) -> Option<Self> {
        // 81 bytes are 108 characters in base64url: only a token of that length is decoded.
        if token.len() != (SIGNED + size_of::<Hash>()) / 3 * 4 {
            return None;
        }
        let token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (signed, tag) = token.split_at_checked(SIGNED)?;
        if !key.is_device_tag(signed, tag) {
            return None;
        }
        let (version, rest) = signed.split_first()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (user, rest) = rest.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let issued = DateTime::from_timestamp(i64::from_be_bytes(rest.try_into().ok()?), 0)?;
        let age = now.signed_duration_since(issued);
        (*version == VERSION && age >= -SKEW && age <= REMEMBERED).then_some(Self {
            id: *id,
            user: UserId(Uuid::from_bytes(*user)),
            epoch: i64::from_be_bytes(*epoch),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ServerKey {
        ServerKey::try_from([byte; 32].as_slice()).unwrap()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn device() -> Device {
        Device {
            id: [7; 16],
            user: UserId(Uuid::from_u128(1)),
            epoch: 3,
        }
    }

    #[test]
    fn a_device_is_read_as_it_was_signed() {
        let token = device().sign(&key(1), now());
        assert_eq!(Device::read(&token, &key(1), now()), Some(device()));
    }

    #[test]
    fn a_token_that_was_not_signed_here_is_refused() {
        let token = device().sign(&key(1), now());
        assert_eq!(Device::read(&token, &key(2), now()), None, "another key");
        for place in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(Device::read(&forged, &key(1), now()), None, "{place}");
        }
        for text in ["", "A", &token[1..], &format!("{token}A"), &"A".repeat(108)] {
            assert_eq!(Device::read(text, &key(1), now()), None, "{text}");
        }
    }

    #[test]
    fn a_device_is_forgotten_after_a_year() {
        let token = device().sign(&key(1), now());
        let read = |after| Device::read(&token, &key(1), now() + after);
        assert!(read(REMEMBERED).is_some());
        assert!(read(REMEMBERED + Duration::seconds(1)).is_none());
        assert!(read(Duration::minutes(-5)).is_some());
        assert!(read(Duration::minutes(-6)).is_none(), "from the future");
    }
}
