//! Suspending and activating accounts. A suspension ends all sessions; both raise the user's epoch, so that no older token
//! is valid afterwards.

use serde_json::json;

use super::{
    actor::{Actor, Outranked},
    model::{DeletedAccount, User, UserId},
    postgres as users,
};
use crate::{
    app::App,
    audit::{self, Action},
    events::{self, EventType},
    roles::{KeepAdminError, keep_an_admin},
    sessions::{self, model::EndReason},
};

#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error("no such account")]
    NotFound,
    #[error(transparent)]
    Outranked(#[from] Outranked),
    #[error(transparent)]
    Deleted(#[from] DeletedAccount),
    #[error(transparent)]
    Admin(#[from] KeepAdminError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Suspends an account and ends its sessions. An account that is suspended is left unchanged.
pub(crate) async fn suspend(app: &App, actor: Actor, id: UserId) -> Result<User, StatusError> {
    let mut transaction = app.pool.begin().await?;
    let user = users::lock(&mut transaction, id).await?;
    let user = user.ok_or(StatusError::NotFound)?;
    actor.may_change(&user)?;
    let Some(status) = user.status.suspended()? else {
        return Ok(user);
    };
    keep_an_admin(&mut transaction, id).await?;
    users::set_status(&mut transaction, id, status).await?;
    sessions::end_all(&mut transaction, id, None, EndReason::Suspended).await?;
    let entry = actor.entry(app, Action::UserSuspended, id, json!({}));
    audit::append(&mut transaction, &entry).await?;
    let event = events::event(app, EventType::UserSuspended, id);
    events::publish(&mut transaction, &event).await?;
    transaction.commit().await?;
    Ok(User { status, ..user })
}

/// Activates an account that is suspended or pending. An active one is left unchanged.
pub(crate) async fn activate(app: &App, actor: Actor, id: UserId) -> Result<User, StatusError> {
    let mut transaction = app.pool.begin().await?;
    let user = users::lock(&mut transaction, id).await?;
    let user = user.ok_or(StatusError::NotFound)?;
    actor.may_change(&user)?;
    let Some(status) = user.status.activated()? else {
        return Ok(user);
    };
    users::set_status(&mut transaction, id, status).await?;
    let entry = actor.entry(app, Action::UserActivated, id, json!({}));
    audit::append(&mut transaction, &entry).await?;
    let event = events::event(app, EventType::UserActivated, id);
    events::publish(&mut transaction, &event).await?;
    transaction.commit().await?;
    Ok(User { status, ..user })
}
