//! Reports goods that leave or come back to product, many at once, and writes the results (ORDERS 6, 22). Each report has
//! the id of its goods, so that product applies a repeated one once.

use std::{error::Error, time::Duration};

use clock::Jitter;
use tokio::sync::watch;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::{
    model::{Movement, MovementOutcome},
    ports::{MovementOutcomes, MovementQueue, QueueError},
};
use crate::{checkout::ports::ReservationsError, intents::ports::IntentError, values::Leased};

const POLL: Duration = Duration::from_millis(500);

/// The direction in which goods move, and what it involves.
pub trait Direction: Send + Sync + 'static {
    type Goods: AsRef<Movement> + Clone + Send + Sync;

    /// The name of the goods in logs.
    const NAME: &'static str;
    /// Goods that one round takes at most; product accepts no more in one call.
    const BATCH: i64;
    /// Longer than a call to product and the transactions of a round together.
    const LEASE: Duration;

    fn tell(
        &self,
        movements: &[Movement],
    ) -> impl Future<Output = Result<MovementOutcomes, ReservationsError>> + Send;

    /// What must also be done once product has moved these, before the result is written.
    fn complete(&self, goods: &Self::Goods)
    -> impl Future<Output = Result<(), IntentError>> + Send;
}

#[derive(Clone)]
pub struct MoveStock<D, Q> {
    pub direction: D,
    pub queue: Q,
    pub jitter: Jitter,
}

impl<D: Direction, Q: MovementQueue<D::Goods>> MoveStock<D, Q> {
    /// One round; how many it took.
    pub async fn run_once(&self) -> Result<usize, QueueError> {
        let taken = self.queue.take(D::BATCH, D::LEASE).await?;
        let (parts, panicked) =
            worker::isolating(D::NAME, &taken, |taken| self.carry_out(taken)).await;
        for (one, panicked) in panicked {
            let order = one.item.as_ref().order_id;
            error!(of = D::NAME, order.id = %order, "an update of stock panicked");
            self.postpone(std::slice::from_ref(one), &panicked).await?;
        }
        parts.into_iter().collect::<Result<(), _>>()?;
        Ok(taken.len())
    }

    async fn carry_out(&self, taken: &[Leased<Uuid, D::Goods>]) -> Result<(), QueueError> {
        let movements: Vec<Movement> = taken.iter().map(|one| one.item.as_ref().clone()).collect();
        let outcomes = match self.direction.tell(&movements).await {
            Ok(outcomes) => outcomes,
            Err(error) => return self.postpone(taken, &error).await,
        };
        let mut answered = Vec::with_capacity(taken.len());
        for (one, outcome) in taken.iter().zip(outcomes) {
            let one_alone = std::slice::from_ref(one);
            match outcome {
                Ok(MovementOutcome::Done) => match self.direction.complete(&one.item).await {
                    Ok(()) => answered.push((one.clone(), MovementOutcome::Done)),
                    Err(error) => self.postpone(one_alone, &error).await?,
                },
                Ok(refused @ MovementOutcome::Refused(_)) => answered.push((one.clone(), refused)),
                // One entry cannot be read; the others are valid.
                Err(misfit) => self.postpone(one_alone, &misfit).await?,
            }
        }
        let settled = if answered.is_empty() {
            0
        } else {
            self.queue.settle(&answered).await?
        };
        info!(of = D::NAME, taken = taken.len(), settled, "updated stock");
        Ok(())
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.run_once().await {
                Ok(taken) if i64::try_from(taken) == Ok(D::BATCH) => continue,
                Ok(_) => {}
                Err(error) => warn!(
                    of = D::NAME,
                    error = &error as &dyn Error,
                    "failed to update stock"
                ),
            }
            if worker::stopped_within(&mut stop, POLL).await {
                return;
            }
        }
    }

    async fn postpone(
        &self,
        taken: &[Leased<Uuid, D::Goods>],
        error: &(dyn Error + Sync + 'static),
    ) -> Result<(), QueueError> {
        warn!(
            of = D::NAME,
            postponed = taken.len(),
            error = error as &(dyn Error + 'static),
            "postponed an update of stock"
        );
        let reason = telemetry::chain(error);
        let later = taken
            .iter()
            .map(|one| one.postponed(self.jitter, reason.clone()));
        self.queue.postpone(&later.collect::<Vec<_>>()).await
    }
}
