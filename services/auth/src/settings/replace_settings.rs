//! Replacing the settings of a user.

use chrono::SubsecRound;
use serde_json::json;
use web::conditional::{ETag, IfMatch};

use super::{
    model::{Choices, Settings},
    postgres as settings,
};
use crate::{
    accounts::{self, actor::Actor, model::UserId},
    app::App,
    audit::{self, Action},
};

#[derive(Debug, thiserror::Error)]
pub enum ReplaceSettingsError {
    #[error("no such user")]
    UnknownUser,
    #[error("the settings have changed since they were read")]
    Stale,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn replace_settings(
    app: &App,
    actor: Actor,
    user: UserId,
    choices: Choices,
    if_match: &IfMatch,
) -> Result<Settings, ReplaceSettingsError> {
    let mut transaction = app.pool.begin().await?;
    let owner = accounts::lock_undeleted(&mut transaction, user).await?;
    owner.ok_or(ReplaceSettingsError::UnknownUser)?;
    let current = settings::find(&mut *transaction, user).await?;
    let current = current.unwrap_or_default();
    if if_match.check(ETag(current.version)).is_err() {
        return Err(ReplaceSettingsError::Stale);
    }
    // The database keeps microseconds.
    let replaced = current.replaced(choices, app.clock.now().trunc_subsecs(6));
    settings::write(&mut transaction, user, &replaced).await?;
    if actor.id != user {
        let fields = current.differences(&replaced);
        let entry = actor.entry(app, Action::UserUpdated, user, json!({ "fields": fields }));
        audit::append(&mut transaction, &entry).await?;
    }
    transaction.commit().await?;
    Ok(replaced)
}
