//! `GET /internal/audit`: the newest result of the audit of stock, for the operator. The answer is
//! `{"consistent":true,"finished_at":"…","findings":[{"code","message","count"}],"running":false}`: one entry a kind of
//! finding, at most 20, each with its first message. Before the first audit has ended `consistent` and `finished_at` are
//! null.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use web::Problem;

use crate::{
    app::App,
    audit::{AuditResult, FindingKind},
};

#[derive(Serialize)]
pub struct AuditReport {
    consistent: Option<bool>,
    finished_at: Option<DateTime<Utc>>,
    findings: Vec<FindingKind>,
    running: bool,
}

impl AuditReport {
    pub fn new(result: Option<AuditResult>, running: bool) -> Self {
        Self {
            consistent: result.as_ref().map(AuditResult::is_consistent),
            finished_at: result.as_ref().map(|result| result.finished_at),
            findings: result.map_or_else(Vec::new, |result| result.kinds),
            running,
        }
    }
}

pub(super) async fn get_audit(State(app): State<App>) -> Result<Json<AuditReport>, Problem> {
    let latest = app.auditor.latest().await;
    let latest = latest.map_err(|error| postgres::problem(&error))?;
    let running = app.auditor.is_running().await;
    let running = running.map_err(|error| postgres::problem(&error))?;
    Ok(Json(AuditReport::new(latest, running)))
}
