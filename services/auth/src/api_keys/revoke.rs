//! Revoking a key: by its owner, or by an admin, which the audit log records.

use access::{Caller, Reach};
use serde_json::json;

use super::{model::ApiKeyId, postgres as keys};
use crate::{
    accounts::model::{SessionId, UserId},
    app::App,
    audit::{self, Action, Entry, model::EntryId},
};

#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    #[error("the caller has no such key")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Revokes a key within the reach of the caller. A key that was revoked before is left as it is.
pub(crate) async fn revoke(
    app: &App,
    id: ApiKeyId,
    caller: &Caller,
    reach: Reach,
) -> Result<(), RevokeError> {
    let actor = UserId(caller.id);
    let owner = match reach {
        Reach::Any => None,
        Reach::Own | Reach::No => Some(actor),
    };
    let mut transaction = app.pool.begin().await?;
    let locked = keys::lock(&mut transaction, id, owner).await?;
    let (owner, revoked) = locked.ok_or(RevokeError::NotFound)?;
    if revoked {
        return Ok(());
    }
    keys::revoke(&mut transaction, id).await?;
    if owner != actor {
        let entry = Entry {
            id: EntryId(app.ids.uuid()),
            actor,
            session: SessionId(caller.session),
            action: Action::ApiKeyRevoked,
            target: id.to_string(),
            data: json!({ "user_id": owner }),
        };
        audit::append(&mut transaction, &entry).await?;
    }
    transaction.commit().await?;
    Ok(())
}
