//! Exchanging a key for a short access token (ORDERS 32). A key that is unknown, revoked or expired, and one whose owner is
//! suspended, are refused alike, by the same statement.

use access::{Claims, Permissions};
use chrono::Duration;
use web::limit::Meter;

use super::{
    model::{PresentedKey, Secret},
    postgres as keys,
};
use crate::{app::App, limits::LimitError, sessions::grant::granted_to};

/// The lifetime of its access tokens in seconds.
const TOKEN_SECONDS: i64 = 5 * 60;

/// An access token of a key.
pub(crate) struct KeyToken {
    pub(crate) access: String,
    pub(crate) seconds: i64,
    pub(crate) permissions: Permissions,
}

#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("the key is unknown, revoked or expired, or its owner is suspended")]
    Invalid,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("cannot sign the access token")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// A token for a key. Exchanges are counted by key, refused ones by the address alone.
pub(crate) async fn exchange(
    app: &App,
    presented: &str,
    meter: &Meter,
) -> Result<KeyToken, ExchangeError> {
    let secret = Secret::parse(presented).ok_or(ExchangeError::Invalid)?;
    let key = keys::presented(&app.pool, &secret.hash()).await?;
    let key = key.filter(PresentedKey::is_live);
    let key = key.ok_or(ExchangeError::Invalid)?;
    app.key_counters.count(key.id, meter)?;
    let token = sign(app, &key)?;
    if key.use_is_due {
        keys::record_use(&app.pool, key.id).await?;
    }
    meter.forgive_address();
    Ok(token)
}

/// The token has the key as its session, no role, and of the key's permissions those that a login would grant its owner now. It
/// does not outlive the key.
fn sign(app: &App, key: &PresentedKey) -> Result<KeyToken, jsonwebtoken::errors::Error> {
    let now = app.clock.now();
    let expiry = key.expires_at.min(now + Duration::seconds(TOKEN_SECONDS));
    let granted = granted_to(&key.owner, app.require_mfa);
    let permissions = key.permissions.intersection(granted.permissions);
    let ring = app.keys.ring();
    let access = ring.sign(&Claims {
        iss: ring.scope.issuer.clone(),
        aud: ring.scope.audience.clone(),
        sub: key.owner.id.0,
        sid: key.id.0,
        jti: app.ids.uuid(),
        iat: now.timestamp(),
        exp: expiry.timestamp(),
        roles: Vec::new(),
        scope: Some(permissions.to_string()),
        epoch: key.owner.token_epoch,
    })?;
    Ok(KeyToken {
        access,
        seconds: (expiry.timestamp() - now.timestamp()).max(0),
        permissions,
    })
}
