//! Asking for a password reset. The request is answered before anything about the account is read, and a task does the
//! rest: whatever an existing account costs, no client can measure it. A queue bounds the waiting requests; while it is full,
//! requests are refused for every address alike.

use std::time::Duration;

use clock::Jitter;
use db::{Patience, Retries};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tracing::{debug, warn};
use web::{
    limit::{ClientAddress, Meter},
    server::stopped,
};

use super::{
    issue::{Message, send},
    model::Purpose,
    postgres,
};
use crate::{
    accounts::{
        self,
        model::{Email, User},
    },
    app::App,
    limits::{
        LimitError,
        account::{self, MESSAGES},
    },
    tokens::secret::Attempted,
};

/// Requests that may wait.
const QUEUE: usize = 256;
/// What the task has for the requests that wait when the process stops.
const DRAIN: Duration = Duration::from_secs(5);
const PATIENCE: Patience = Patience {
    limit: Duration::from_secs(20),
    pause: |_, jitter| jitter.apply(Duration::from_secs(1)),
};

/// Where requests wait.
#[derive(Clone)]
pub struct ResetRequests(mpsc::Sender<Email>);

/// The requests that wait, for the task that works on them.
pub struct WaitingResets(mpsc::Receiver<Email>);

#[derive(Debug, thiserror::Error)]
pub enum RequestResetError {
    #[error("the queue of password resets is full")]
    Full,
    #[error(transparent)]
    Limit(#[from] LimitError),
}

pub fn queue() -> (ResetRequests, WaitingResets) {
    let (requests, waiting) = mpsc::channel(QUEUE);
    (ResetRequests(requests), WaitingResets(waiting))
}

/// Accepts a request for this address, which may have an account or not.
pub fn request_reset(
    app: &App,
    email: Email,
    address: ClientAddress,
    meter: &Meter,
) -> Result<(), RequestResetError> {
    app.address_counters.resets.count(address, meter)?;
    let queued = app.reset_requests.0.try_send(email);
    queued.map_err(|_| RequestResetError::Full)
}

impl WaitingResets {
    /// Works on requests until `stop`, and then on those that wait.
    pub async fn work(mut self, app: App, jitter: Jitter, stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                Some(email) = self.0.recv() => send_reset(&app, &email, jitter).await,
                () = stopped(stop.clone()) => break,
            }
        }
        // From here on requests are refused, not lost.
        self.0.close();
        let rest = async {
            while let Some(email) = self.0.recv().await {
                send_reset(&app, &email, jitter).await;
            }
        };
        if tokio::time::timeout(DRAIN, rest).await.is_err() {
            warn!("password resets were still waiting when the process stopped");
        }
    }
}

async fn send_reset(app: &App, email: &Email, jitter: Jitter) {
    match try_send_reset(app, email, jitter).await {
        Ok(()) => {}
        Err(LimitError::Exceeded(_)) => debug!("a password reset was asked for too often"),
        Err(LimitError::Database(error)) => warn!(
            error = &error as &dyn std::error::Error,
            "cannot send a password reset"
        ),
    }
}

async fn try_send_reset(app: &App, email: &Email, jitter: Jitter) -> Result<(), LimitError> {
    let begun = Instant::now();
    let counted = app.server_key.attempted(Attempted::PasswordReset(email));
    let meter = Meter::default();
    Retries::since(begun, PATIENCE, jitter)
        .run(|| account::count(&app.pool, &counted, MESSAGES, &meter))
        .await?;
    Retries::since(begun, PATIENCE, jitter)
        .run(|| send_if_served(app, email))
        .await?;
    Ok(())
}

async fn send_if_served(app: &App, email: &Email) -> Result<(), sqlx::Error> {
    let user = postgres::find(&app.pool, email).await?;
    match user {
        Some(user) if user.status.may_log_in() => send_to(app, &user).await,
        Some(_) | None => Ok(()),
    }
}

async fn send_to(app: &App, user: &User) -> Result<(), sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    // The token's row has the address: it must not be written once the account is deleted or has another.
    let locked = accounts::lock(&mut transaction, user.id).await?;
    if !locked.is_some_and(|locked| locked.status.may_log_in() && locked.email == user.email) {
        return Ok(());
    }
    let message = Message {
        user: user.id,
        purpose: Purpose::PasswordReset,
        to: &user.email,
        new_email: None,
    };
    send(app, &mut transaction, &message).await?;
    transaction.commit().await
}
