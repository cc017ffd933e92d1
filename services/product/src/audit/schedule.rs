//! Audits on schedule, and their results as metrics.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, warn};
use web::server::stopped;

use super::{AuditResult, Audited, Auditor};
use crate::store::audit as store;

/// Between two looks at whether an audit is due, and at what others found.
const PAUSE: Duration = Duration::from_secs(30);

/// Audits whenever the newest result is older than `interval` (zero: never by itself), whichever replica it came from,
/// and reports the newest result. Until `stop`.
pub async fn audit_on_schedule(auditor: Auditor, interval: Duration, stop: watch::Receiver<bool>) {
    loop {
        // Replicas that start together do not look at the same moment.
        let pause = PAUSE.mul_f64(rand::random_range(0.5..1.0));
        tokio::select! {
            () = stopped(stop.clone()) => return,
            () = tokio::time::sleep(pause) => {}
        }
        let turn = async {
            if !interval.is_zero() && store::is_due(&auditor.pool, interval).await? {
                match auditor.run().await? {
                    Audited::Done(_) => return Ok(()),
                    Audited::Busy => debug!("an audit of stock is under way elsewhere"),
                }
            }
            if let Some(result) = auditor.latest().await? {
                report(&result);
            }
            Ok::<_, sqlx::Error>(())
        };
        // Nothing is written before an audit is over: it may be cut off anywhere.
        let outcome = tokio::select! {
            () = stopped(stop.clone()) => return,
            outcome = turn => outcome,
        };
        if let Err(error) = outcome {
            warn!(
                error = &error as &dyn std::error::Error,
                "the audit of stock failed; it is tried again"
            );
        }
    }
}

/// Sets the metrics.
#[expect(
    clippy::cast_precision_loss,
    reason = "metrics are floating point; seconds and counts are far below 2^53"
)]
pub fn report(result: &AuditResult) {
    let consistent = if result.is_consistent() { 1.0 } else { 0.0 };
    metrics::gauge!("ecommercestack_stock_consistent").set(consistent);
    metrics::gauge!("ecommercestack_stock_audit_findings").set(result.finding_count as f64);
    metrics::gauge!("ecommercestack_stock_audit_finished_timestamp_seconds")
        .set(result.finished_at.timestamp() as f64);
    let took = result.finished_at - result.started_at;
    metrics::gauge!("ecommercestack_stock_audit_duration_seconds")
        .set(took.num_milliseconds() as f64 / 1_000.0);
}
