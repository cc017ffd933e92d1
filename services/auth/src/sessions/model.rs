//! Sessions and their refresh tokens. The verdict on a presented refresh token is decided here.

mod device_name;
mod end_reason;
mod network;

use chrono::{DateTime, Utc};

use crate::{
    accounts::model::{SessionId, UserId},
    tokens::model::Hash,
};

pub use self::{device_name::DeviceName, end_reason::EndReason, network::Network};

/// The lifetime of a refresh token in seconds.
pub const REFRESH_SECONDS: f64 = 7.0 * 24.0 * 60.0 * 60.0;
/// Seconds within which a rotated token still gets its successor: the response with it may have been lost.
pub const GRACE_SECONDS: f64 = 10.0;
/// The most live sessions of one user; a login beyond ends the oldest.
pub const MAX_SESSIONS: i64 = 100;

/// The client of a session, as far as it is remembered.
pub struct Client {
    pub device_name: Option<DeviceName>,
    pub network: Network,
}

pub struct NewSession {
    pub id: SessionId,
    pub user: UserId,
    /// The token epoch of the user whose password was verified.
    pub epoch: i64,
    pub client: Client,
    /// The hash of its first refresh token.
    pub token_hash: Hash,
}

/// A session that has not ended.
pub struct LiveSession {
    pub id: SessionId,
    pub device_name: Option<String>,
    /// In the notation of CIDR.
    pub network: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A presented refresh token as the database knows it, read under the lock of its session.
#[derive(Clone, Copy, Debug)]
pub struct TokenState {
    /// The session has not ended, the token has not expired, and the user may log in.
    pub live: bool,
    /// How long ago it was rotated; `None` if it was not.
    pub rotated_seconds_ago: Option<f64>,
    /// Whether its successor was rotated in turn; `None` if the successor is not known.
    pub successor_rotated: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Refuse,
    Rotate,
    /// Return the successor again.
    Repeat,
    /// Another client has a copy: the whole family ends (ORDERS 31).
    EndFamily,
}

impl TokenState {
    pub fn verdict(self) -> Verdict {
        match (self.live, self.rotated_seconds_ago, self.successor_rotated) {
            (false, _, _) => Verdict::Refuse,
            (true, None, _) => Verdict::Rotate,
            (true, Some(ago), Some(false)) if ago < GRACE_SECONDS => Verdict::Repeat,
            // The server's key was changed since: the token was not stolen, and its successor is not known.
            (true, Some(ago), None) if ago < GRACE_SECONDS => Verdict::Refuse,
            (true, Some(_), Some(_) | None) => Verdict::EndFamily,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: TokenState = TokenState {
        live: true,
        rotated_seconds_ago: None,
        successor_rotated: None,
    };

    fn rotated(seconds_ago: f64, successor_rotated: bool) -> TokenState {
        TokenState {
            rotated_seconds_ago: Some(seconds_ago),
            successor_rotated: Some(successor_rotated),
            ..FRESH
        }
    }

    #[test]
    fn a_token_is_rotated_once_and_repeated_within_the_grace() {
        assert_eq!(FRESH.verdict(), Verdict::Rotate);
        assert_eq!(rotated(9.9, false).verdict(), Verdict::Repeat);
        // Of two concurrent requests, the transaction of the other may have begun later.
        assert_eq!(rotated(-0.1, false).verdict(), Verdict::Repeat);
    }

    #[test]
    fn a_reuse_after_the_grace_or_after_the_successor_ends_the_family() {
        assert_eq!(rotated(10.0, false).verdict(), Verdict::EndFamily);
        assert_eq!(rotated(0.1, true).verdict(), Verdict::EndFamily);
    }

    #[test]
    fn a_token_that_is_not_live_is_refused() {
        for state in [FRESH, rotated(1.0, false), rotated(60.0, true)] {
            assert_eq!(
                TokenState {
                    live: false,
                    ..state
                }
                .verdict(),
                Verdict::Refuse
            );
        }
    }

    #[test]
    fn an_unknown_successor_ends_nothing_within_the_grace() {
        let state = TokenState {
            successor_rotated: None,
            ..rotated(1.0, false)
        };
        assert_eq!(state.verdict(), Verdict::Refuse);
    }
}
