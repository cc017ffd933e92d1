//! Changing the profile of another user.

use serde_json::json;

use super::{
    actor::{Actor, Outranked},
    model::{DeletedAccount, User, UserId},
    postgres::{self as users, AccountError, ProfileChange},
};
use crate::{
    app::App,
    audit::{self, Action},
};

#[derive(Debug, thiserror::Error)]
pub enum UpdateUserError {
    #[error("no such account")]
    NotFound,
    #[error(transparent)]
    Outranked(#[from] Outranked),
    #[error(transparent)]
    Deleted(#[from] DeletedAccount),
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<sqlx::Error> for UpdateUserError {
    fn from(error: sqlx::Error) -> Self {
        Self::Account(error.into())
    }
}

/// Changes an account if its version is one of `versions`; `None` changes it regardless of its version. A change to the
/// present values writes nothing.
pub(crate) async fn update_user(
    app: &App,
    actor: Actor,
    id: UserId,
    change: &ProfileChange,
    versions: Option<&[i64]>,
) -> Result<User, UpdateUserError> {
    let mut transaction = app.pool.begin().await?;
    let user = users::lock(&mut transaction, id).await?;
    let user = user.ok_or(UpdateUserError::NotFound)?;
    actor.may_change(&user)?;
    user.status.not_deleted()?;
    if versions.is_some_and(|versions| !versions.contains(&user.version)) {
        return Err(AccountError::Stale.into());
    }
    let fields = change.changed_fields(&user);
    if fields.is_empty() {
        return Ok(user);
    }
    let user = users::update_profile(&mut *transaction, id, change, None).await?;
    let entry = actor.entry(app, Action::UserUpdated, id, json!({ "fields": fields }));
    audit::append(&mut transaction, &entry).await?;
    transaction.commit().await?;
    Ok(user)
}
