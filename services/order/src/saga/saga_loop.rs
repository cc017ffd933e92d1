//! Drives the sagas of one lane until told to stop: at once when poked, and every so often where a poll is set.
//! A round is never cut short: stopping is looked at between rounds.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, mpsc, watch};
use tracing::warn;

use super::{
    DriveSagas, Driven,
    drive_sagas::BATCH,
    model::{Lane, Turn},
    ports::{Sagas, SagasError},
};
use crate::{checkout::ports::Reservations, payments::ports::PaymentProvider};

/// Begun sagas that wait for their round at most. More would only wait longer, so whoever places orders does.
const MOST_BEGUN: usize = 3 * BATCH;
/// How long it does: a stuck lane of sagas does not stop the shop. Whoever finds their leases run out drives these.
const PATIENCE: Duration = Duration::from_millis(250);

/// Wakes the loops. Pokes do not pile up: one that comes during a round starts one more.
#[derive(Clone, Debug, Default)]
pub struct Poke(Arc<Lanes>);

#[derive(Debug)]
struct Lanes {
    stock: Notify,
    money: Notify,
    begin: mpsc::Sender<Turn>,
    begun: Mutex<mpsc::Receiver<Turn>>,
}

impl Default for Lanes {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(MOST_BEGUN);
        Self {
            stock: Notify::new(),
            money: Notify::new(),
            begin: sender,
            begun: Mutex::new(receiver),
        }
    }
}

impl Poke {
    /// Wishes begin in the lane of stock, and are passed on from there.
    pub fn poke(&self) {
        self.of(Lane::Stock).notify_one();
    }

    /// Woken in whatever lane it waits.
    pub fn poke_both(&self) {
        self.of(Lane::Stock).notify_one();
        self.of(Lane::Money).notify_one();
    }

    /// Wakes the lane of stock with sagas that this process has begun and taken: no statement is needed to find them.
    pub async fn hand_over(&self, batch: Vec<Turn>) {
        let places = self.0.begin.reserve_many(batch.len());
        if let Ok(Ok(places)) = tokio::time::timeout(PATIENCE, places).await {
            places.zip(batch).for_each(|(place, turn)| place.send(turn));
        } else {
            warn!(
                sagas = batch.len(),
                "sagas wait until their leases expire: earlier ones are still in progress"
            );
        }
        self.poke();
    }

    fn begun(&self, lane: Lane) -> Vec<Turn> {
        match lane {
            Lane::Stock => {
                let mut begun = self.0.begun.lock().unwrap_or_else(PoisonError::into_inner);
                std::iter::from_fn(|| begun.try_recv().ok())
                    .take(BATCH)
                    .collect()
            }
            Lane::Money => Vec::new(),
        }
    }

    fn of(&self, lane: Lane) -> &Notify {
        match lane {
            Lane::Stock => &self.0.stock,
            Lane::Money => &self.0.money,
        }
    }
}

pub struct SagaLoop<R, S, P> {
    pub drive: DriveSagas<R, S, P>,
    pub lane: Lane,
    pub poke: Poke,
    /// How often to look for sagas that nobody poked for; `None` leaves them to others.
    pub poll: Option<Duration>,
}

impl<R: Reservations + Clone, S: Sagas + Clone, P: PaymentProvider + Clone> SagaLoop<R, S, P> {
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.round_until(|| *stop.borrow()).await {
                Ok(Driven {
                    more, passed_on, ..
                }) => {
                    if passed_on {
                        self.poke.of(self.other()).notify_one();
                    }
                    if more {
                        continue;
                    }
                }
                Err(error) => warn!(
                    error = &error as &dyn std::error::Error,
                    "failed to drive sagas"
                ),
            }
            tokio::select! {
                // A sender that is gone means the end as well.
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.poke.of(self.lane).notified() => {}
                () = pause(self.poll) => {}
            }
        }
    }

    /// What this process has begun goes before what is due.
    pub async fn round(&self) -> Result<Driven, SagasError> {
        self.round_until(|| false).await
    }

    async fn round_until(&self, ending: impl Fn() -> bool) -> Result<Driven, SagasError> {
        let begun = self.poke.begun(self.lane);
        if begun.is_empty() {
            return self.drive.run_until(self.lane, ending).await;
        }
        Ok(Driven {
            // The poke may have been for something else.
            more: true,
            ..self.drive.carry_on(begun).await?
        })
    }

    fn other(&self) -> Lane {
        match self.lane {
            Lane::Stock => Lane::Money,
            Lane::Money => Lane::Stock,
        }
    }
}

async fn pause(poll: Option<Duration>) {
    match poll {
        Some(poll) => tokio::time::sleep(poll).await,
        None => std::future::pending().await,
    }
}
