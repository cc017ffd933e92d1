//! A session: one login, and the family of refresh tokens that came of it. What a presented refresh token is worth
//! is decided here; `postgres` only carries it out.

use chrono::Duration;
use web::{Problem, limit::Meter, token::Claims};

use super::{
    device::Device,
    postgres::sessions::{self, Rotation},
};
use crate::{
    accounts::model::{SessionId, User},
    app::App,
    limits::{LimitError, account},
    tokens::secret::{Attempted, RefreshToken},
};

/// Seconds that an access token is good for.
pub const ACCESS_SECONDS: i64 = 15 * 60;
/// Seconds that a refresh token is good for.
pub const REFRESH_SECONDS: f64 = 7.0 * 24.0 * 60.0 * 60.0;
/// Seconds within which a rotated token still gets its successor: the answer that carried it may be lost.
pub const GRACE_SECONDS: f64 = 10.0;

/// What somebody who is logged in holds.
pub struct Tokens {
    pub access: String,
    pub refresh: RefreshToken,
    /// From now on known, where they have shown their password.
    pub device: Option<Device>,
    pub user: User,
}

/// A presented refresh token as the database knows it, read under the lock of its session.
#[derive(Clone, Copy, Debug)]
pub struct TokenState {
    /// The session has not ended, the token not expired, and the user may log in.
    pub live: bool,
    /// How long ago it was rotated; `None`: never yet.
    pub rotated_seconds_ago: Option<f64>,
    /// Its successor is known; `Some(true)`: and rotated in turn.
    pub successor_rotated: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Refuse,
    Rotate,
    /// The successor once more.
    Repeat,
    /// Somebody else holds a copy: the whole family ends (ORDERS 31).
    EndFamily,
}

impl TokenState {
    pub fn verdict(self) -> Verdict {
        match (self.live, self.rotated_seconds_ago, self.successor_rotated) {
            (false, _, _) => Verdict::Refuse,
            (true, None, _) => Verdict::Rotate,
            (true, Some(ago), Some(false)) if ago < GRACE_SECONDS => Verdict::Repeat,
            // The server's key changed in between: nobody stole anything, and nobody knows the successor.
            (true, Some(ago), None) if ago < GRACE_SECONDS => Verdict::Refuse,
            (true, Some(_), Some(_) | None) => Verdict::EndFamily,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error("the refresh token is not valid")]
    Invalid,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("cannot sign the access token")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Self::unauthorized(
                "refresh_token_invalid",
                "The refresh token is not valid; log in again.",
            ),
            RefreshError::Limit(error) => error.into(),
            RefreshError::Database(error) => postgres::problem(&error),
            RefreshError::Signing(error) => Self::internal(&error),
        }
    }
}

/// New tokens for a refresh token; the old one is worth nothing afterwards. One of a live session is counted by its
/// session and its account, any other by the address alone: a token that has ended uses up nothing of an account's.
pub async fn refresh(app: &App, presented: &str, meter: &Meter) -> Result<Tokens, RefreshError> {
    let presented = RefreshToken::parse(presented).ok_or(RefreshError::Invalid)?;
    let owner = sessions::live_owner(&app.pool, &presented.hash())
        .await?
        .ok_or(RefreshError::Invalid)?;
    let limits = app.account_limits;
    for (attempted, policy) in [
        (
            Attempted::SessionRefresh(owner.session),
            limits.session_refreshes(),
        ),
        (Attempted::Refresh(owner.user), limits.refreshes()),
    ] {
        let counted = app.server_key.attempted(attempted);
        account::count(&app.pool, &counted, policy, meter).await?;
    }

    let successor = app.server_key.successor(&presented);
    match sessions::rotate(&app.pool, &presented.hash(), &successor.hash()).await? {
        Rotation::Given { session, user } => {
            let access = access_token(app, session, &user)?;
            meter.forgive_address();
            Ok(Tokens {
                access,
                refresh: successor,
                device: None,
                user,
            })
        }
        Rotation::Refused => Err(RefreshError::Invalid),
        Rotation::FamilyEnded { session } => {
            tracing::warn!(session.id = %session, "ended a session whose refresh token was used twice");
            Err(RefreshError::Invalid)
        }
    }
}

/// Signs an access token (RFC 9068) for this session.
pub fn access_token(
    app: &App,
    session: SessionId,
    user: &User,
) -> Result<String, jsonwebtoken::errors::Error> {
    let now = app.clock.now();
    let scope = app.keys.scope();
    app.keys.ring().sign(&Claims {
        iss: scope.issuer.clone(),
        aud: scope.audience.clone(),
        sub: user.id.0,
        sid: session.0,
        jti: app.ids.uuid(),
        iat: now.timestamp(),
        exp: (now + Duration::seconds(ACCESS_SECONDS)).timestamp(),
        roles: user.roles.clone(),
        epoch: user.token_epoch,
    })
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
        // Two requests at once: the other's transaction may have begun later.
        assert_eq!(rotated(-0.1, false).verdict(), Verdict::Repeat);
    }

    #[test]
    fn a_reuse_after_the_grace_or_behind_the_successor_ends_the_family() {
        assert_eq!(rotated(10.0, false).verdict(), Verdict::EndFamily);
        assert_eq!(rotated(0.1, true).verdict(), Verdict::EndFamily);
    }

    #[test]
    fn nothing_comes_of_a_token_that_is_not_live() {
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
