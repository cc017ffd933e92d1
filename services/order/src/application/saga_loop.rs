//! Drives sagas until told to stop: at once when poked, and every so often where a poll is set.
//! A round is never cut short: stopping is looked at between rounds.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tracing::warn;

use super::drive_sagas::{DriveSagas, Driven};
use crate::ports::{Reservations, Sagas};

/// Wakes the loop. Pokes do not pile up: one that comes during a round starts one more.
#[derive(Clone, Debug, Default)]
pub struct Poke(Arc<Notify>);

impl Poke {
    pub fn poke(&self) {
        self.0.notify_one();
    }
}

pub struct SagaLoop<R, S> {
    pub drive: DriveSagas<R, S>,
    pub poke: Poke,
    /// How often to look for sagas that nobody poked for; `None` leaves them to others.
    pub poll: Option<Duration>,
}

impl<R: Reservations, S: Sagas> SagaLoop<R, S> {
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.drive.run().await {
                Ok(Driven { more: true, .. }) => continue,
                Ok(Driven { more: false, .. }) => {}
                Err(error) => warn!(
                    error = &error as &dyn std::error::Error,
                    "sagas were not driven"
                ),
            }
            tokio::select! {
                // A sender that is gone means the end as well.
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.poke.0.notified() => {}
                () = pause(self.poll) => {}
            }
        }
    }
}

async fn pause(poll: Option<Duration>) {
    match poll {
        Some(poll) => tokio::time::sleep(poll).await,
        None => std::future::pending().await,
    }
}
