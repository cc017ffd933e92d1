//! Tells product of parcels that are to leave, many at once, and writes what it answered (ORDERS 6, 22).
//! A parcel is told under its own id: twice, or by two workers, is once.

use std::{error::Error, time::Duration};

use clock::Jitter;
use tokio::sync::watch;
use tracing::{info, warn};

use super::{
    model::{Parcel, ParcelLease, ParcelTurn},
    ports::{Shipments, ShipmentsError, Warehouse},
};
use crate::values::{Backoff, causes::chain};

/// Parcels of one round; product takes no more at once.
const BATCH: i64 = 128;
/// Longer than a call to product and a transaction may last.
const LEASE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(500);
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(30),
};

#[derive(Clone)]
pub struct ShipParcels<W, S> {
    pub warehouse: W,
    pub shipments: S,
    pub jitter: Jitter,
}

impl<W: Warehouse, S: Shipments> ShipParcels<W, S> {
    /// One round; how many parcels it took.
    pub async fn run_once(&self) -> Result<usize, ShipmentsError> {
        let turns = self.shipments.take(BATCH, LEASE).await?;
        if turns.is_empty() {
            return Ok(0);
        }
        let parcels: Vec<Parcel> = turns.iter().map(|turn| turn.parcel.clone()).collect();
        match self.warehouse.ship(&parcels).await {
            Ok(outcomes) => {
                let mut answered = Vec::with_capacity(turns.len());
                for (turn, outcome) in turns.iter().zip(outcomes) {
                    match outcome {
                        Ok(outcome) => answered.push((turn.clone(), outcome)),
                        // One entry cannot be read: the others stand.
                        Err(misfit) => self.postpone(std::slice::from_ref(turn), &misfit).await?,
                    }
                }
                let settled = self.shipments.settle(&answered).await?;
                info!(
                    parcels = turns.len(),
                    settled, "updated stock for shipments"
                );
            }
            Err(error) => self.postpone(&turns, &error).await?,
        }
        Ok(turns.len())
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.run_once().await {
                Ok(taken) if i64::try_from(taken) == Ok(BATCH) => continue,
                Ok(_) => {}
                Err(error) => warn!(error = &error as &dyn Error, "failed to ship shipments"),
            }
            // Stopped, or whoever could stop us is gone.
            if tokio::time::timeout(POLL, stop.wait_for(|stop| *stop))
                .await
                .is_ok()
            {
                return;
            }
        }
    }

    async fn postpone(
        &self,
        turns: &[ParcelTurn],
        error: &(dyn Error + Sync + 'static),
    ) -> Result<(), ShipmentsError> {
        warn!(
            parcels = turns.len(),
            error = error as &(dyn Error + 'static),
            "postponed shipments"
        );
        let later: Vec<_> = turns.iter().map(|turn| self.later(turn)).collect();
        self.shipments.postpone(&later, &chain(error)).await
    }

    fn later(&self, turn: &ParcelTurn) -> (ParcelLease, Duration) {
        let pause = RETRIES.pause(turn.attempts, self.jitter);
        (turn.lease, pause)
    }
}
