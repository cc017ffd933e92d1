//! `GET /users/{id}/export`

use access::{
    Reach,
    permissions::{api_keys, audit_log, users},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::{
    PathParameters, Problem,
    limit::{LimitedByAddress, Meter},
};

use crate::{
    accounts::actor::Actor,
    app::App,
    export::{
        export_user as exporting,
        model::{ApiKeyRecord, AuditRecord, EventRecord, Newest, PersonalData, SessionRecord},
    },
    http::{
        address_view::AddressView, permitted::Permitted, settings_view::SettingsView,
        user_ref::UserRef, user_view::UserView,
    },
};

/// Everything that the shop's auth service keeps about a person, apart from secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonalData)]
pub(super) struct PersonalDataView {
    exported_at: DateTime<Utc>,
    profile: UserView,
    settings: SettingsView,
    addresses: Vec<AddressView>,
    /// The newest first, as all following lists.
    sessions: Vec<SessionRecord>,
    api_keys: Vec<ApiKeyRecord>,
    /// What the person did to other accounts, and what others did to the person's account.
    audit_log: Vec<AuditRecord>,
    events: Vec<EventRecord>,
    /// The lists that have more rows than the 1,000 that are shown; the older ones are available on request.
    truncated: Vec<PartName>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ExportedList)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartName {
    Sessions,
    ApiKeys,
    AuditLog,
    Events,
}

impl From<PersonalData> for PersonalDataView {
    fn from(data: PersonalData) -> Self {
        let mut truncated = Vec::new();
        let sessions = shown(data.sessions, PartName::Sessions, &mut truncated);
        let api_keys = shown(data.api_keys, PartName::ApiKeys, &mut truncated);
        let audit_log = shown(data.audit_log, PartName::AuditLog, &mut truncated);
        let events = shown(data.events, PartName::Events, &mut truncated);
        Self {
            exported_at: data.exported_at,
            profile: data.profile.into(),
            settings: data.settings.into(),
            addresses: data.addresses.into_iter().map(AddressView::from).collect(),
            sessions,
            api_keys,
            audit_log,
            events,
            truncated,
        }
    }
}

/// The rows of a part, whose name is noted if there are more.
fn shown<T>(newest: Newest<T>, name: PartName, truncated: &mut Vec<PartName>) -> Vec<T> {
    truncated.extend(newest.truncated.then_some(name));
    newest.rows
}

type Document = ([(HeaderName, String); 1], Json<PersonalDataView>);

/// Export what is kept about a user
///
/// One JSON document with the profile, settings, addresses, sessions, API keys without secrets, entries of the audit log
/// and events. Users export their own data; that of others requires the permissions `users:read`, `api_keys:read` and
/// `audit_log:read`, and is recorded in the audit log. Limited to 5 exports of one caller within 15 minutes.
#[utoipa::path(
    get,
    path = "/users/{id}/export",
    tag = "users",
    params(Permitted<users::Read>, ("id" = inline(UserRef), Path, description = "The user; `me` is the caller.")),
    responses(
        (status = 200, description = "The document, to be stored as a file.", body = PersonalDataView, headers(
            ("Content-Disposition" = String, description = "`attachment`, with a name for the file."),
        )),
        LimitedByAddress,
    )
)]
pub(super) async fn export_user(
    State(app): State<App>,
    caller: Permitted<users::Read>,
    meter: Meter,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<Document, Problem> {
    let actor = Actor::from(&**caller);
    let user = user.within(caller.reach, actor.id)?;
    // The document has what these permissions show.
    if user != actor.id
        && (caller.reach::<api_keys::Read>() < Reach::Any || !caller.may::<audit_log::Read>())
    {
        return Err(Problem::forbidden(
            "The export of another user requires the permissions users:read, api_keys:read and audit_log:read.",
        ));
    }
    let data = exporting::export_user(&app, actor, user, &meter).await?;
    let disposition = format!("attachment; filename=\"{user}.json\"");
    Ok((
        [(header::CONTENT_DISPOSITION, disposition)],
        Json(data.into()),
    ))
}
