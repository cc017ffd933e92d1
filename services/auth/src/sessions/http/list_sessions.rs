//! `GET /auth/sessions`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::{
    Problem,
    list::{ListQuery, NoFilter, Page, Paging, Total},
};

use crate::{
    accounts::model::SessionId,
    app::App,
    http::signed_in::SignedIn,
    sessions::{self, model::LiveSession},
};

#[derive(Serialize, ToSchema)]
#[schema(as = SessionDetails, example = json!({
    "id": "ses_01932c5e-7d2a-7c3e-9f00-0242ac120002", "device_name": "Firefox on Linux", "address": "203.0.113.0/24",
    "created_at": "2026-11-21T08:30:00Z", "last_used_at": "2026-11-22T09:12:41Z", "expires_at": "2026-11-29T09:12:41Z",
    "current": true,
}))]
pub(super) struct SessionDetailsView {
    id: SessionId,
    /// The browser and the operating system that the client claimed to be at the login; null if it named none.
    device_name: Option<String>,
    /// The network of the last use: a /24 of IPv4 or a /48 of IPv6. Null if it is not known.
    address: Option<String>,
    created_at: DateTime<Utc>,
    /// The time of the login, or of the last refresh.
    last_used_at: DateTime<Utc>,
    /// The session ends then, unless it is refreshed before.
    expires_at: DateTime<Utc>,
    /// Whether it is the session of this request.
    current: bool,
}

impl SessionDetailsView {
    fn new(session: LiveSession, current: SessionId) -> Self {
        Self {
            current: session.id == current,
            id: session.id,
            device_name: session.device_name,
            address: session.network,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// List the caller's sessions
///
/// The live ones, newest first. There are at most 100: a login beyond ends the oldest.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    tag = "auth",
    security(("bearer" = [])),
    params(ListQuery<NoFilter>),
    responses(
        (status = 200, description = "A page of sessions.", body = Page<SessionDetailsView>),
    )
)]
pub(super) async fn list_sessions(
    State(app): State<App>,
    caller: SignedIn,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<SessionDetailsView>>, Problem> {
    let paging = Paging::try_new(&paging, &"sessions")?;
    let user = caller.user.id;
    let rows = sessions::list_live(&app.pool, user, &paging).await?;
    let total = if paging.include_total {
        Some(Total::counted(sessions::count_live(&app.pool, user).await?))
    } else {
        None
    };
    let page = paging.page(rows, total, |session| session.id)?;
    Ok(Json(page.map(|session| {
        SessionDetailsView::new(session, caller.session)
    })))
}
