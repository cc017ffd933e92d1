//! Whether the database has revoked an access token whose signature is valid.

use access::Caller;
use db::Pool;

use super::{model::Revocation, postgres as tokens};
use crate::accounts::model::{SessionId, UserId};

#[derive(Debug, thiserror::Error)]
pub enum RevokedError {
    #[error("the access token was revoked: {0:?}")]
    Revoked(Revocation),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Refuses a caller whose session or API key has ended, or whose account is not active or has changed since the token was
/// issued.
pub async fn refuse_revoked(pool: &Pool, caller: &Caller) -> Result<(), RevokedError> {
    let standing = tokens::standing(pool, SessionId(caller.session), UserId(caller.id)).await?;
    match standing.revocation(caller.epoch) {
        None => Ok(()),
        Some(revocation) => Err(RevokedError::Revoked(revocation)),
    }
}
