//! The relay: from the table of a service to auth.

use std::{error::Error, time::Duration};

use access::internal::{AuthCallError, AuthClient};
use tokio::sync::watch;
use tracing::{error, warn};
use uuid::Uuid;
use worker::{Bisection, Round};

use crate::{Entries, Entry, MAX_BATCH, Outbox};

const POLL: Duration = Duration::from_secs(2);
const OPERATION: &str = "audit-entries";

#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error("cannot read or delete entries of the audit log")]
    Outbox(#[from] sqlx::Error),
    #[error("cannot send entries of the audit log to auth")]
    Auth(#[from] AuthCallError),
}

/// Sends entries until `stop`. While auth does not answer, they wait.
pub async fn run(auth: AuthClient, outbox: impl Outbox, stop: watch::Receiver<bool>) {
    worker::rounds("audit_log", POLL, stop, async || {
        let looked_at = round(&auth, &outbox).await;
        if matches!(looked_at, Ok(MAX_BATCH)) {
            return Ok(Round::More);
        }
        show_backlog(&outbox).await;
        looked_at.map(|_| Round::Done)
    })
    .await;
}

/// Sends what is due, at most one batch, and returns how many entries it was. An entry that auth refuses is set aside, and
/// its neighbors are delivered. Two rounds at once may send the same entries, of which auth keeps one each.
pub async fn round(auth: &AuthClient, outbox: &impl Outbox) -> Result<usize, RelayError> {
    let most = i64::try_from(MAX_BATCH).unwrap_or(i64::MAX);
    let due = outbox.due(most).await?;
    let mut parts = Bisection::over(due.len());
    while let Some(part) = parts.next() {
        let entries = &due[part.clone()];
        let body = Entries {
            entries: entries.to_vec(),
        };
        match auth.post(OPERATION, &body).await {
            Ok(()) => {
                let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
                outbox.remove(&ids).await?;
                count("delivered", entries.len());
            }
            Err(error) if !is_refusal(&error) => return Err(error.into()),
            Err(error) => {
                if !parts.split(&part) {
                    for entry in entries {
                        set_aside(outbox, entry, &error).await?;
                    }
                }
            }
        }
    }
    Ok(due.len())
}

async fn set_aside(
    outbox: &impl Outbox,
    entry: &Entry,
    refusal: &AuthCallError,
) -> Result<(), sqlx::Error> {
    error!(
        entry.id = %entry.id,
        entry.action = entry.action,
        error = refusal as &dyn Error,
        "auth refuses an entry of the audit log; it is kept and sent again in an hour"
    );
    count("refused", 1);
    outbox.set_aside(entry.id).await
}

/// Whether auth says that the entries themselves are at fault, or too large together.
fn is_refusal(error: &AuthCallError) -> bool {
    let status = match error {
        AuthCallError::Token(_) => None,
        AuthCallError::Call(error) => error.status(),
    };
    status.is_some_and(|status| matches!(status.as_u16(), 400 | 413 | 422))
}

fn count(outcome: &'static str, entries: usize) {
    let entries = u64::try_from(entries).unwrap_or(u64::MAX);
    metrics::counter!("ecommercestack_audit_entries_total", "outcome" => outcome)
        .increment(entries);
}

async fn show_backlog(outbox: &impl Outbox) {
    match outbox.backlog().await {
        Ok(backlog) => {
            #[expect(clippy::cast_precision_loss, reason = "at most ten thousand")]
            let entries = backlog.entries as f64;
            metrics::gauge!("ecommercestack_audit_entries_waiting").set(entries);
            metrics::gauge!("ecommercestack_audit_entries_oldest_seconds")
                .set(backlog.oldest_seconds);
        }
        Err(error) => warn!(
            error = &error as &dyn Error,
            "cannot count what waits for the audit log"
        ),
    }
}
