//! The tokens of a session: one login, and the family of refresh tokens that came of it.

use access::Claims;
use chrono::Duration;
use web::limit::Meter;

use super::{
    device::Device,
    postgres::{self as sessions, Rotation},
};
use crate::{
    accounts::model::{SessionId, User},
    app::App,
    limits::{LimitError, account},
    tokens::{
        model::ACCESS_SECONDS,
        secret::{Attempted, RefreshToken},
    },
};

/// What a user who is logged in holds.
pub struct Tokens {
    pub access: String,
    pub refresh: RefreshToken,
    /// From now on known, where they have shown their password.
    pub device: Option<Device>,
    pub user: User,
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
