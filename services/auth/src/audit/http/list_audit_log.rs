//! `GET /admin/audit-log`

use access::permissions::audit_log;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use web::{
    Problem,
    list::{ListQuery, Page, Paging},
    schema::Line,
};

use crate::{
    accounts::model::{Period, SessionId, UserId},
    app::App,
    audit::{
        list_entries::look,
        model::{
            ActionName, EntryFilter, EntryId, MAX_TARGET_LENGTH, PastEntry, Service, is_target,
        },
    },
    http::permitted::Permitted,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAuditLog {
    /// Only what this user did.
    actor: Option<UserId>,
    /// Only what was done to this user, API key, role, product, SKU or location, named as in an entry.
    #[param(
        value_type = Option<Line<100>>,
        inline,
        example = "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002"
    )]
    target: Option<String>,
    /// Only entries with this action.
    #[param(inline, example = "user.suspended")]
    action: Option<ActionName>,
    /// Only entries of this service.
    #[param(inline, example = "product")]
    service: Option<Service>,
    /// At this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
}

/// An entry of the audit log: who did what to whom.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry, example = json!({
    "id": "aud_01932c5e-7d2a-7c3e-9f00-0242ac120005", "service": "auth", "occurred_at": "2026-11-21T08:30:00Z",
    "actor": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "session": "ses_01932c5e-7d2a-7c3e-9f00-0242ac120003",
    "action": "user.updated", "target": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120004",
    "data": { "fields": ["full_name"] },
}))]
pub(super) struct AuditEntryView {
    id: EntryId,
    /// The service in which it was done, such as `auth` or `product`.
    service: String,
    occurred_at: DateTime<Utc>,
    /// The user who acted.
    actor: UserId,
    /// The session or API key that was used.
    session: SessionId,
    /// What was done, in the past tense.
    action: String,
    /// What it was done to: the id of a user, API key or product with its prefix, or the name of a role, SKU or location.
    target: String,
    /// More about the action: ids, names of fields and amounts, no personal data.
    #[schema(value_type = Object)]
    data: Value,
}

impl From<PastEntry> for AuditEntryView {
    fn from(entry: PastEntry) -> Self {
        Self {
            id: entry.id,
            service: entry.service,
            occurred_at: entry.occurred_at,
            actor: entry.actor,
            session: entry.session,
            action: entry.action,
            target: entry.target,
            data: entry.data,
        }
    }
}

/// List the audit log
///
/// What was done to accounts, roles and API keys by others than their owners, and what admins did to products and stock;
/// newest first. What admins did to an order is in its history. Entries of other services than `auth` appear within seconds.
/// A page may be shorter than `limit`, or empty, although more entries follow: as long as `has_more` is true, continue with
/// `next_cursor`.
#[utoipa::path(
    get,
    path = "/admin/audit-log",
    tag = "admin",
    params(Permitted<audit_log::Read>, ListQuery<ListAuditLog, false>),
    responses(
        (status = 200, description = "One page.", body = Page<AuditEntryView>),
    )
)]
pub(super) async fn list_audit_log(
    State(app): State<App>,
    _: Permitted<audit_log::Read>,
    ListQuery { paging, filter }: ListQuery<ListAuditLog, false>,
) -> Result<Json<Page<AuditEntryView>>, Problem> {
    let filter = EntryFilter {
        actor: filter.actor,
        target: filter.target.map(target).transpose()?,
        action: filter.action,
        service: filter.service,
        occurred: Period {
            from: filter.from,
            to: filter.to,
        },
    };
    let paging: Paging<EntryId> = Paging::try_new(&paging, &("audit_log", &filter))?;
    let page = paging.walk(|behind, count| look(&app.pool, &filter, behind, count));
    Ok(Json(page.await?.map(AuditEntryView::from)))
}

/// As entries name it: a user by the id with its prefix.
fn target(text: String) -> Result<String, Problem> {
    if !is_target(&text) {
        return Err(Problem::invalid_field(
            "target",
            "invalid",
            format!("target must be 1 to {MAX_TARGET_LENGTH} visible characters"),
        ));
    }
    Ok(text.parse::<UserId>().map_or(text, |user| user.to_string()))
}
