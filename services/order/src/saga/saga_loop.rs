//! Drives the sagas of one queue until told to stop: at once when woken, and at each poll where one is set. A round is never
//! interrupted: the loop stops between rounds.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, mpsc, watch};
use tracing::warn;

use super::{
    DriveSagas, Driven,
    drive_sagas::BATCH,
    model::{Queue, Turn},
    ports::{Sagas, SagasError},
};
use crate::{checkout::ports::Reservations, payments::ports::PaymentProvider};

/// Begun sagas that wait for their round at most. More would only wait longer, so the consumers of placed orders wait instead.
const MOST_BEGUN: usize = 3 * BATCH;
/// How long they wait: a stuck queue of sagas does not stop the shop. The sagas that are left out are driven by any worker once
/// their leases have expired.
const PATIENCE: Duration = Duration::from_millis(250);

/// Wakes the loops. Calls during a round together start one more.
#[derive(Clone, Debug, Default)]
pub struct SagaWaker(Arc<Queues>);

#[derive(Debug)]
struct Queues {
    stock: Notify,
    money: Notify,
    begin: mpsc::Sender<Turn>,
    begun: Mutex<mpsc::Receiver<Turn>>,
}

impl Default for Queues {
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

impl SagaWaker {
    /// Intents begin in the stock queue, and are passed on from there.
    pub fn wake(&self) {
        self.of(Queue::Stock).notify_one();
    }

    /// For a saga that may wait in either queue.
    pub fn wake_both(&self) {
        self.of(Queue::Stock).notify_one();
        self.of(Queue::Money).notify_one();
    }

    /// Wakes the stock queue with sagas that this process has begun and taken: no statement is needed to find them.
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
        self.wake();
    }

    fn begun(&self, queue: Queue) -> Vec<Turn> {
        match queue {
            Queue::Stock => {
                let mut begun = self.0.begun.lock().unwrap_or_else(PoisonError::into_inner);
                std::iter::from_fn(|| begun.try_recv().ok())
                    .take(BATCH)
                    .collect()
            }
            Queue::Money => Vec::new(),
        }
    }

    fn of(&self, queue: Queue) -> &Notify {
        match queue {
            Queue::Stock => &self.0.stock,
            Queue::Money => &self.0.money,
        }
    }
}

pub struct SagaLoop<R, S, P> {
    pub drive: DriveSagas<R, S, P>,
    pub queue: Queue,
    pub waker: SagaWaker,
    /// How often to look for due sagas without being woken; `None` leaves them to other processes.
    pub poll: Option<Duration>,
}

impl<R: Reservations + Clone, S: Sagas + Clone, P: PaymentProvider + Clone> SagaLoop<R, S, P> {
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.round(|| *stop.borrow()).await {
                Ok(Driven {
                    more, passed_on, ..
                }) => {
                    if passed_on {
                        self.waker.of(self.queue.other()).notify_one();
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
                () = self.waker.of(self.queue).notified() => {}
                () = pause(self.poll) => {}
            }
        }
    }

    /// What this process has begun goes before what is due.
    pub async fn round(&self, ending: impl Fn() -> bool) -> Result<Driven, SagasError> {
        let begun = self.waker.begun(self.queue);
        if begun.is_empty() {
            return self.drive.run(self.queue, ending).await;
        }
        Ok(Driven {
            // The loop may have been woken for other sagas, too.
            more: true,
            ..self.drive.carry_on(&begun).await?
        })
    }
}

async fn pause(poll: Option<Duration>) {
    match poll {
        Some(poll) => tokio::time::sleep(poll).await,
        None => std::future::pending().await,
    }
}
