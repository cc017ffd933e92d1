//! Settings in the database. Who changes them holds the lock of the user's row.

use chrono::{DateTime, Utc};
use db::Connection;
use sqlx::PgExecutor;

use crate::{
    accounts::model::UserId,
    settings::model::{Choices, Locale, Settings, TimeZone},
};

struct StoredSettings {
    locale: Option<String>,
    time_zone: Option<String>,
    marketing_consent: bool,
    marketing_consent_at: Option<DateTime<Utc>>,
    version: i64,
}

impl From<StoredSettings> for Settings {
    fn from(row: StoredSettings) -> Self {
        Self {
            choices: Choices {
                locale: row.locale.map(Locale::stored),
                time_zone: row.time_zone.map(TimeZone::stored),
                marketing_consent: row.marketing_consent,
            },
            marketing_consent_at: row.marketing_consent_at,
            version: row.version,
        }
    }
}

/// The settings of a user, or the defaults; `None` if there is no such user.
pub async fn find(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Settings>, sqlx::Error> {
    let row = sqlx::query_as!(
        StoredSettings,
        r#"
        SELECT locale AS "locale?", time_zone AS "time_zone?", marketing_consent_at AS "marketing_consent_at?",
            coalesce(marketing_consent, false) AS "marketing_consent!", coalesce(user_settings.version, 0) AS "version!"
        FROM users LEFT JOIN user_settings ON user_id = users.id WHERE users.id = $1
        "#,
        user.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Settings::from))
}

pub async fn write(
    connection: &mut Connection,
    user: UserId,
    settings: &Settings,
) -> Result<(), sqlx::Error> {
    let choices = &settings.choices;
    sqlx::query!(
        "
        INSERT INTO user_settings (user_id, locale, time_zone, marketing_consent, marketing_consent_at, version)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (user_id) DO UPDATE SET
            locale = excluded.locale,
            time_zone = excluded.time_zone,
            marketing_consent = excluded.marketing_consent,
            marketing_consent_at = excluded.marketing_consent_at,
            version = excluded.version,
            updated_at = now()
        ",
        user.0,
        choices.locale.as_ref().map(Locale::as_str),
        choices.time_zone.as_ref().map(TimeZone::as_str),
        choices.marketing_consent,
        settings.marketing_consent_at,
        settings.version,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes the settings of a user who is to be forgotten.
pub async fn erase(connection: &mut Connection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM user_settings WHERE user_id = $1", user.0)
        .execute(connection)
        .await?;
    Ok(())
}
