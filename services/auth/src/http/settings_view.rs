//! The settings of a user, as clients see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::model::{Locale, Settings, TimeZone};

#[derive(Serialize, ToSchema)]
#[schema(as = Settings, example = json!({
    "locale": "en-GB", "time_zone": "Europe/London", "marketing_consent": true,
    "marketing_consent_at": "2026-11-21T08:30:00Z",
}))]
pub(crate) struct SettingsView {
    /// A language tag (BCP 47); null means that of the shop.
    locale: Option<String>,
    /// A name of the IANA time zone database; null means that of the shop.
    time_zone: Option<String>,
    /// Whether the user agreed to receive marketing messages.
    marketing_consent: bool,
    /// When the user last gave or withdrew the consent; null if it was never given.
    marketing_consent_at: Option<DateTime<Utc>>,
}

impl From<Settings> for SettingsView {
    fn from(settings: Settings) -> Self {
        let choices = settings.choices;
        Self {
            locale: choices
                .locale
                .as_ref()
                .map(Locale::as_str)
                .map(str::to_owned),
            time_zone: choices
                .time_zone
                .as_ref()
                .map(TimeZone::as_str)
                .map(str::to_owned),
            marketing_consent: choices.marketing_consent,
            marketing_consent_at: settings.marketing_consent_at,
        }
    }
}
