//! Removal of another user's second factor, for one who has lost the app and the recovery codes.

use serde_json::json;

use super::postgres as factors;
use crate::{
    accounts::{
        self,
        actor::{Actor, Outranked},
        model::{DeletedAccount, UserId},
    },
    app::App,
    audit::{self, Action},
    events::{self, EventType},
};

#[derive(Debug, thiserror::Error)]
pub enum ResetMfaError {
    #[error("no such account")]
    NotFound,
    #[error("the account is the caller's own, whose factor needs the password to be disabled")]
    OwnAccount,
    #[error(transparent)]
    Outranked(#[from] Outranked),
    #[error(transparent)]
    Deleted(#[from] DeletedAccount),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Deletes the factor and its recovery codes. An account without a confirmed factor is left unchanged.
pub(crate) async fn reset(app: &App, actor: Actor, id: UserId) -> Result<(), ResetMfaError> {
    if id == actor.id {
        return Err(ResetMfaError::OwnAccount);
    }
    let mut transaction = app.pool.begin().await?;
    let user = accounts::lock(&mut transaction, id).await?;
    let user = user.ok_or(ResetMfaError::NotFound)?;
    actor.may_change(&user)?;
    user.status.not_deleted()?;
    if !factors::delete(&mut transaction, id).await? {
        return Ok(());
    }
    let entry = actor.entry(app, Action::MfaReset, id, json!({}));
    audit::append(&mut transaction, &entry).await?;
    let event = events::event(app, EventType::MfaReset, id);
    events::publish(&mut transaction, &event).await?;
    Ok(transaction.commit().await?)
}
