//! `GET /internal/audit`: the newest result, for the operator. The answer is
//! `{"consistent":true,"finished_at":"…","findings":[{"code","message","count"}],"running":false}`: one entry a kind of
//! finding, at most 20, each with its first message. Before the first audit has ended `consistent` and `finished_at` are
//! null. `POST /internal/audit` requests an audit: 202, and its result is read as above.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tracing::warn;
use uuid::Uuid;
use web::Problem;

use crate::{AuditSource, Auditor, FindingKind};

/// The stored result of an audit.
#[derive(Clone, Debug)]
pub struct AuditResult {
    pub id: Uuid,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// Seconds since it ended, by the database's clock.
    pub age_seconds: f64,
    pub finding_count: i64,
    pub kinds: Vec<FindingKind>,
}

#[derive(Serialize)]
pub struct AuditReport {
    consistent: Option<bool>,
    finished_at: Option<DateTime<Utc>>,
    findings: Vec<FindingKind>,
    running: bool,
}

impl AuditResult {
    pub fn is_consistent(&self) -> bool {
        self.finding_count == 0
    }
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

pub async fn get_audit<S: AuditSource>(
    State(auditor): State<Auditor<S>>,
) -> Result<Json<AuditReport>, Problem> {
    let (latest, running) = (auditor.latest().await?, auditor.is_running().await?);
    Ok(Json(AuditReport::new(latest, running)))
}

pub async fn request_audit<S: AuditSource>(
    State(auditor): State<Auditor<S>>,
) -> Result<StatusCode, Problem> {
    if auditor.is_running().await? {
        return Err(Problem::conflict(
            "audit_running",
            "An audit is in progress. Read its result after it has finished.",
        ));
    }
    tokio::spawn(async move {
        if let Err(error) = auditor.run().await {
            warn!(
                subject = S::NAMES.subject,
                error = &error as &dyn std::error::Error,
                "the requested audit failed"
            );
        }
    });
    Ok(StatusCode::ACCEPTED)
}
