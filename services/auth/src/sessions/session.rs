//! The tokens of a session: one login, and the family of refresh tokens that began with it.

use access::Claims;
use chrono::Duration;
use web::limit::Meter;

use super::{
    device::Device,
    grant::granted_to,
    model::{Client, Network, NewSession},
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

/// A new session of this user, and its first refresh token.
pub(crate) fn new_session(app: &App, user: &User, client: Client) -> (NewSession, RefreshToken) {
    let refresh = RefreshToken::random();
    let session = NewSession {
        id: SessionId(app.ids.uuid()),
        user: user.id,
        epoch: user.token_epoch,
        client,
        token_hash: refresh.hash(),
    };
    (session, refresh)
}

/// The tokens of a user who is logged in.
pub struct Tokens {
    pub access: String,
    pub refresh: RefreshToken,
    /// The device that is known from now on, if the user presented the password.
    pub device: Option<Device>,
    pub user: User,
}

impl Tokens {
    /// Signs an access token (RFC 9068) for this session.
    pub(crate) fn try_new(
        app: &App,
        session: SessionId,
        refresh: RefreshToken,
        device: Option<Device>,
        user: User,
    ) -> Result<Self, jsonwebtoken::errors::Error> {
        let now = app.clock.now();
        let ring = app.keys.ring();
        let granted = granted_to(&user, app.require_mfa);
        let access = ring.sign(&Claims {
            iss: ring.scope.issuer.clone(),
            aud: ring.scope.audience.clone(),
            sub: user.id.0,
            sid: session.0,
            jti: app.ids.uuid(),
            iat: now.timestamp(),
            exp: (now + Duration::seconds(ACCESS_SECONDS)).timestamp(),
            roles: granted.roles.iter().map(ToString::to_string).collect(),
            scope: Some(granted.permissions.to_string()),
            epoch: user.token_epoch,
        })?;
        Ok(Self {
            access,
            refresh,
            device,
            user,
        })
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

/// New tokens for a refresh token, which is invalid afterwards. A token of a live session is counted by its session and
/// its account, any other by the address alone: a token that has ended uses up nothing of an account's limit.
pub async fn refresh(
    app: &App,
    presented: &str,
    network: Network,
    meter: &Meter,
) -> Result<Tokens, RefreshError> {
    let presented = RefreshToken::parse(presented).ok_or(RefreshError::Invalid)?;
    let owner = sessions::live_owner(&app.pool, &presented.hash()).await?;
    let (session, user) = owner.ok_or(RefreshError::Invalid)?;
    let (session, user) = (Attempted::SessionRefresh(session), Attempted::Refresh(user));
    let limits = app.account_limits;
    for (attempted, policy) in [
        (session, limits.session_refreshes()),
        (user, limits.refreshes()),
    ] {
        let counted = app.server_key.attempted(attempted);
        account::count(&app.pool, &counted, policy, meter).await?;
    }

    let successor = app.server_key.successor(&presented);
    let (presented, next) = (presented.hash(), successor.hash());
    match sessions::rotate(&app.pool, &presented, &next, network).await? {
        Rotation::Given { session, user } => {
            let tokens = Tokens::try_new(app, session, successor, None, user)?;
            meter.forgive_address();
            Ok(tokens)
        }
        Rotation::Refused => Err(RefreshError::Invalid),
        Rotation::FamilyEnded { session } => {
            tracing::warn!(session.id = %session, "ended a session whose refresh token was used twice");
            Err(RefreshError::Invalid)
        }
    }
}
