//! Creating a key, whose secret is shown this once.

use access::{Grant, Permissions};
use chrono::{DateTime, Utc};
use web::limit::Meter;

use super::{
    model::{ApiKey, ApiKeyId, ExpiryError, KeyName, NewApiKey, Secret, TooManyKeys, expiry},
    postgres as keys,
};
use crate::{
    accounts::{self, model::UserId},
    app::App,
    limits::{LimitError, account},
    tokens::secret::Attempted,
};

/// What the owner asks for.
pub(crate) struct Requested {
    pub(crate) name: KeyName,
    pub(crate) permissions: Permissions,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the owner does not hold the permission {0}")]
    NotHeld(Grant),
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    TooMany(#[from] TooManyKeys),
    #[error("the account was deleted meanwhile")]
    Deleted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Creates a key of a user who holds these permissions.
pub(crate) async fn create(
    app: &App,
    owner: UserId,
    held: Permissions,
    requested: Requested,
    meter: &Meter,
) -> Result<(ApiKey, Secret), CreateError> {
    if let Some(grant) = requested.permissions.beyond(held) {
        return Err(CreateError::NotHeld(grant));
    }
    let expires_at = expiry(requested.expires_at, app.clock.now())?;
    let counted = app.server_key.attempted(Attempted::ApiKey(owner));
    account::count(&app.pool, &counted, account::api_keys(), meter).await?;

    let secret = Secret::random();
    let key = NewApiKey {
        id: ApiKeyId(app.ids.uuid()),
        owner,
        name: requested.name,
        secret_hash: secret.hash(),
        hint: secret.hint().to_owned(),
        permissions: requested.permissions,
        expires_at,
    };
    let mut transaction = app.pool.begin().await?;
    // The name of a key may be personal.
    let locked = accounts::lock_undeleted(&mut transaction, owner).await?;
    locked.ok_or(CreateError::Deleted)?;
    let others = keys::lock_held(&mut transaction, owner).await?;
    let surplus = others.admit()?;
    keys::delete_ended(&mut transaction, owner, surplus).await?;
    let key = keys::insert(&mut transaction, &key).await?;
    transaction.commit().await?;
    Ok((key, secret))
}
