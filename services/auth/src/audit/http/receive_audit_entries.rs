//! `POST /internal/audit-entries` with `{"entries":[{"id","occurred_at","actor","session","action","target","data"},…]}`, at
//! most 100: 204. The service of the entries is the caller. An entry whose id the log has already is passed over. If one
//! entry is invalid, none is appended.

use access::internal::CallerName;
use audit_log::{Entries, MAX_BATCH};
use axum::{Extension, extract::State, http::StatusCode};
use web::{JsonBody, Problem};

use crate::{
    app::App,
    audit::{
        model::Service,
        receive_entries::{ReceiveError, receive},
    },
};

pub(super) async fn receive_audit_entries(
    State(app): State<App>,
    Extension(CallerName(caller)): Extension<CallerName>,
    JsonBody(Entries { entries }): JsonBody<Entries>,
) -> Result<StatusCode, Problem> {
    let Ok(service) = caller.parse::<Service>() else {
        return Err(Problem::forbidden("This caller has no audit log."));
    };
    if entries.len() > MAX_BATCH {
        return Err(Problem::invalid_field(
            "/entries",
            "batch_too_large",
            format!("send at most {MAX_BATCH} entries at once"),
        ));
    }
    match receive(&app.pool, &app.clock, service, entries).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(ReceiveError::Invalid { index, source }) => Err(Problem::invalid_field(
            format!("/entries/{index}"),
            "invalid",
            source.to_string(),
        )),
        Err(ReceiveError::Database(error)) => Err(error.into()),
    }
}
