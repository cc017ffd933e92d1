//! Exporting what is kept about a person. An export of another person's data is audited.

use serde_json::json;
use web::limit::Meter;

use super::{model::PersonalData, postgres as personal};
use crate::{
    accounts::{self, actor::Actor, model::UserId},
    addresses,
    app::App,
    audit::{self, Action},
    limits::{LimitError, account},
    settings,
    tokens::secret::Attempted,
};

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("no such user")]
    UnknownUser,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn export_user(
    app: &App,
    actor: Actor,
    user: UserId,
    meter: &Meter,
) -> Result<PersonalData, ExportError> {
    let counted = app.server_key.attempted(Attempted::Export(actor.id));
    account::count(&app.pool, &counted, account::exports(), meter).await?;

    let mut transaction = app.pool.begin().await?;
    personal::take_snapshot(&mut transaction).await?;
    let profile = accounts::find(&mut *transaction, user).await?;
    let profile = profile.ok_or(ExportError::UnknownUser)?;
    let settings = settings::find(&mut *transaction, user).await?;
    let data = PersonalData {
        exported_at: app.clock.now(),
        profile,
        settings: settings.unwrap_or_default(),
        addresses: addresses::all(&mut *transaction, user).await?,
        sessions: personal::sessions(&mut transaction, user).await?,
        api_keys: personal::api_keys(&mut transaction, user).await?,
        audit_log: personal::audit_log(&mut transaction, user).await?,
        events: personal::events(&mut transaction, user).await?,
    };
    if actor.id != user {
        let entry = actor.entry(app, Action::UserExported, user, json!({}));
        audit::append(&mut transaction, &entry).await?;
    }
    transaction.commit().await?;
    Ok(data)
}
