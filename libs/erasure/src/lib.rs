//! A deleted user is forgotten by every service (ORDERS 28). Auth keeps who is to be erased from which service until the
//! service reports it. The service reads who is due, erases what it has of them, and reports what came of it. Each step may
//! be repeated.

use std::{error::Error, future::Future, time::Duration};

use access::internal::{AuthCallError, AuthClient};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tracing::{error, info};
use uuid::Uuid;
use worker::Round;

const TASK: &str = "erasures";
const POLL: Duration = Duration::from_secs(10);

/// Users whose data the caller should erase now: the answer of `GET /internal/erasures`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueErasures {
    pub users: Vec<Uuid>,
}

/// What came of due erasures: the body of `POST /internal/erasures/results`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureResults {
    /// The service has no data of these users any more.
    pub erased: Vec<Uuid>,
    /// The service still needs data of these users, or erasing them failed; they become due again later.
    pub postponed: Vec<Uuid>,
}

/// How much of a user's data was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    All,
    /// What the service still needs was kept, such as the address of an order that is to be delivered.
    Part,
}

/// What a service has of its users.
pub trait PersonalData: Sync {
    type Error: Error + Send + 'static;

    /// Erases what the service has of a user. Erasing a user again, or one who has no data, succeeds.
    fn erase(&self, user: Uuid) -> impl Future<Output = Result<Erased, Self::Error>> + Send;
}

/// Erases who is due until `stop`. One user whose erasure fails does not stop the others.
pub async fn run(auth: AuthClient, data: impl PersonalData, stop: watch::Receiver<bool>) {
    worker::rounds(TASK, POLL, stop, async || {
        let reported = round(&auth, &data).await?;
        // More may be due behind those.
        Ok::<_, AuthCallError>(if reported > 0 {
            Round::More
        } else {
            Round::Done
        })
    })
    .await;
}

/// Erases those who are due now, and returns how many they were.
pub async fn round(auth: &AuthClient, data: &impl PersonalData) -> Result<usize, AuthCallError> {
    let due: DueErasures = auth.get("erasures").await?;
    if due.users.is_empty() {
        return Ok(0);
    }
    let mut results = ErasureResults::default();
    for user in due.users {
        let failed = |error: &(dyn Error + 'static)| {
            error!(user.id = %user, error, "failed to erase a user");
            "failed"
        };
        let (list, outcome) = match worker::isolated(TASK, data.erase(user)).await {
            Ok(Ok(Erased::All)) => (&mut results.erased, "erased"),
            Ok(Ok(Erased::Part)) => (&mut results.postponed, "postponed"),
            Ok(Err(error)) => (&mut results.postponed, failed(&error)),
            Err(panicked) => (&mut results.postponed, failed(&panicked)),
        };
        list.push(user);
        metrics::counter!("ecommercestack_erasures_total", "outcome" => outcome).increment(1);
    }
    auth.post("erasures/results", &results).await?;
    let ErasureResults { erased, postponed } = &results;
    info!(
        erased = erased.len(),
        postponed = postponed.len(),
        "reported erasures"
    );
    Ok(erased.len() + postponed.len())
}
