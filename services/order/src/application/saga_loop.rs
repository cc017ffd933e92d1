//! Drives the sagas of one lane until told to stop: at once when poked, and every so often where a poll is set.
//! A round is never cut short: stopping is looked at between rounds.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tracing::warn;

use super::drive_sagas::{DriveSagas, Driven};
use crate::{
    domain::Lane,
    ports::{PaymentProvider, Reservations, Sagas},
};

/// Wakes the loops. Pokes do not pile up: one that comes during a round starts one more.
#[derive(Clone, Debug, Default)]
pub struct Poke(Arc<Lanes>);

#[derive(Debug, Default)]
struct Lanes {
    stock: Notify,
    money: Notify,
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

impl<R: Reservations, S: Sagas, P: PaymentProvider + Clone> SagaLoop<R, S, P> {
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.drive.run(self.lane).await {
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
                    "sagas were not driven"
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
