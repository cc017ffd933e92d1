//! Audits on schedule, and their results as metrics.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, warn};
use web::server::stopped;

use crate::{AuditError, AuditResult, AuditSource, Auditor, Names};

/// Between two checks whether an audit is due, and of the result of other replicas.
const PAUSE: Duration = Duration::from_secs(30);

/// Audits whenever the newest result of any replica is older than `interval` (zero: never on schedule), and reports the
/// newest result. Until `stop`.
pub async fn audit_on_schedule<S: AuditSource>(
    auditor: Auditor<S>,
    interval: Duration,
    stop: watch::Receiver<bool>,
) {
    loop {
        // Replicas that start together do not check at the same moment.
        let pause = auditor.jitter.apply(PAUSE);
        tokio::select! {
            () = stopped(stop.clone()) => return,
            () = tokio::time::sleep(pause) => {}
        }
        // Nothing is written before an audit ends: it may be interrupted anywhere.
        let outcome = tokio::select! {
            () = stopped(stop.clone()) => return,
            outcome = auditor.take_turn(interval) => outcome,
        };
        if let Err(error) = outcome {
            warn!(
                subject = S::NAMES.subject,
                error = &error as &dyn std::error::Error,
                "the audit failed; retrying"
            );
        }
    }
}

impl<S: AuditSource> Auditor<S> {
    /// Audits if an audit is due, and returns whether it did.
    pub async fn take_turn(&self, interval: Duration) -> Result<bool, AuditError> {
        let latest = self.latest().await?;
        if is_due(latest.as_ref(), interval) {
            let Some(session) = self.begin().await? else {
                let subject = S::NAMES.subject;
                debug!(subject, "another process is running an audit");
                return Ok(false);
            };
            // Another one may have ended between the check and the lock.
            if is_due(self.latest().await?.as_ref(), interval) {
                self.read(session).await?;
                return Ok(true);
            }
            session.end().await?;
        }
        if let Some(result) = latest {
            report::<S>(&result);
        }
        Ok(false)
    }
}

fn is_due(latest: Option<&AuditResult>, interval: Duration) -> bool {
    let is_old = |latest: &AuditResult| latest.age_seconds >= interval.as_secs_f64();
    !interval.is_zero() && latest.is_none_or(is_old)
}

/// Sets the metrics.
#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are floating point; seconds and counts are far below 2^53"
)]
pub fn report<S: AuditSource>(result: &AuditResult) {
    let Names {
        consistent,
        findings,
        finished,
        duration,
        ..
    } = S::NAMES;
    let is_consistent = if result.is_consistent() { 1.0 } else { 0.0 };
    metrics::gauge!(consistent).set(is_consistent);
    metrics::gauge!(findings).set(result.finding_count as f64);
    metrics::gauge!(finished).set(result.finished_at.timestamp() as f64);
    let took = result.finished_at - result.started_at;
    metrics::gauge!(duration).set(took.num_milliseconds() as f64 / 1_000.0);
}
