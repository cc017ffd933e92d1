//! `PUT /users/{id}/settings`

use access::permissions::users;
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    JsonBody, PathParameters, Problem,
    conditional::{ETag, IfMatch, OptionalIfMatch},
};

use crate::{
    accounts::actor::Actor,
    app::App,
    http::{permitted::Permitted, settings_view::SettingsView, user_ref::UserRef},
    settings::{
        model::{Choices, Locale, TimeZone},
        replace_settings as replacing,
    },
};

/// All settings: an absent one is set to its default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "locale": "en-GB", "time_zone": "Europe/London", "marketing_consent": true }))]
pub(crate) struct ReplaceSettings {
    /// A language tag (BCP 47); null or absent means that of the shop.
    #[schema(
        value_type = Option<String>,
        pattern = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$",
        max_length = 35,
    )]
    locale: Option<Locale>,
    /// A name of the IANA time zone database; null or absent means that of the shop.
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_+/-]*$", max_length = 64)]
    time_zone: Option<String>,
    /// Whether the user agrees to receive marketing messages. The time of a change is recorded.
    #[serde(default)]
    marketing_consent: bool,
}

impl TryFrom<ReplaceSettings> for Choices {
    type Error = Problem;

    fn try_from(request: ReplaceSettings) -> Result<Self, Problem> {
        let time_zone = request.time_zone.map(TimeZone::try_from).transpose();
        let time_zone = time_zone.map_err(|error| {
            Problem::invalid_field("/time_zone", "unknown_time_zone", error.to_string())
        })?;
        Ok(Self {
            locale: request.locale,
            time_zone,
            marketing_consent: request.marketing_consent,
        })
    }
}

/// Replace a user's settings
///
/// Absent settings get their defaults. If-Match is required for the settings of another user, and checked if sent for the
/// caller's own; the version of settings that were never chosen is `"0"`. Users replace their own, admins those of everyone.
#[utoipa::path(
    put,
    path = "/users/{id}/settings",
    tag = "users",
    params(Permitted<users::Update>, ("id" = inline(UserRef), Path, description = "The user; `me` is the caller."), OptionalIfMatch),
    request_body = ReplaceSettings,
    responses(
        (status = 200, description = "The settings after the change.", body = SettingsView, headers(("ETag" = String, description = "Their version, for If-Match."))),
        (status = 428, description = "`if_match_required`: If-Match is missing, and the settings are not the caller's own."),
    )
)]
pub(super) async fn replace_settings(
    State(app): State<App>,
    caller: Permitted<users::Update>,
    PathParameters(user): PathParameters<UserRef>,
    if_match: Result<IfMatch, Problem>,
    JsonBody(request): JsonBody<ReplaceSettings>,
) -> Result<(ETag, Json<SettingsView>), Problem> {
    let actor = Actor::from(&**caller);
    let user = user.within(caller.reach, actor.id)?;
    let if_match = match if_match {
        Ok(sent) => sent,
        Err(_) if user == actor.id => IfMatch::Any,
        Err(missing) => return Err(missing),
    };
    let choices = request.try_into()?;
    let settings = replacing::replace_settings(&app, actor, user, choices, &if_match).await?;
    Ok((ETag(settings.version), Json(settings.into())))
}
