//! Tells product of goods that came back, many at once, has the money for them go back, and writes the end (ORDERS 6).
//! Both are told under the return's own id: twice, or by two workers, is once.

use std::{error::Error, time::Duration};

use clock::Jitter;
use tokio::sync::watch;
use tracing::{info, warn};

use super::ports::{ReturnTurn, ReturnedGoods};
use crate::{
    fulfillment::{
        model::{Parcel, ParcelLease, ParcelOutcome},
        ports::{ShipmentsError, Warehouse},
    },
    intents::{Wisher, ports::IntentError},
    payments::{
        model::{NewRefund, PaymentError, PaymentFilter, RefundCause},
        ports::{Intent, Payments},
    },
    values::{Actor, Backoff, Operation, Reader, RefundId, Start, UserId, Window, causes::chain},
};

/// Returns of one round; product takes no more at once.
const BATCH: i64 = 64;
/// Longer than a call to product and the transactions of a round may last.
const LEASE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(500);
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(30),
};

#[derive(Clone)]
pub struct ReceiveReturns<W, R, P> {
    pub warehouse: W,
    pub returns: R,
    pub payments: P,
    pub jitter: Jitter,
}

impl<W: Warehouse, R: ReturnedGoods, P: Payments> ReceiveReturns<W, R, P> {
    /// One round; how many returns it took.
    pub async fn run_once(&self) -> Result<usize, ShipmentsError> {
        let turns = self.returns.take(BATCH, LEASE).await?;
        if turns.is_empty() {
            return Ok(0);
        }
        let parcels: Vec<Parcel> = turns.iter().map(|one| one.turn.parcel.clone()).collect();
        let outcomes = match self.warehouse.take_back(&parcels).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.postpone(&turns, &error).await?;
                return Ok(turns.len());
            }
        };
        let mut answered = Vec::new();
        for (one, outcome) in turns.iter().zip(outcomes) {
            let one_alone = std::slice::from_ref(one);
            match outcome {
                Ok(outcome @ ParcelOutcome::Refused(_)) => answered.push((one.clone(), outcome)),
                Ok(outcome @ ParcelOutcome::Done) => match self.give_back(one).await {
                    Ok(()) => answered.push((one.clone(), outcome)),
                    Err(error) => self.postpone(one_alone, &error).await?,
                },
                // One entry cannot be read: the others stand.
                Err(misfit) => self.postpone(one_alone, &misfit).await?,
            }
        }
        let settled = self.returns.settle(&answered).await?;
        info!(returns = turns.len(), settled, "received returned goods");
        Ok(turns.len())
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.run_once().await {
                Ok(taken) if i64::try_from(taken) == Ok(BATCH) => continue,
                Ok(_) => {}
                Err(error) => warn!(
                    error = &error as &dyn Error,
                    "failed to receive returned goods"
                ),
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

    /// Has the money for a return go back, as far as a payment still has it; the saga hands it over.
    async fn give_back(&self, one: &ReturnTurn) -> Result<(), IntentError> {
        let filter = PaymentFilter {
            order: Some(one.turn.parcel.order_id),
            ..PaymentFilter::default()
        };
        let window = Window {
            rows: 100,
            start: Start::Offset(0),
            count_to: None,
        };
        let listing = self.payments.list(&filter, &window).await?;
        let captured = listing
            .payments
            .into_iter()
            .find(|payment| payment.state.is_captured());
        let Some(payment) = captured.filter(|_| one.refund.minor > 0) else {
            return Ok(());
        };
        let id = one.turn.lease.id;
        // The return itself is the principal: nobody's keys are in its way.
        let wisher = Wisher {
            user: UserId(id),
            actor: Actor::System,
            reader: Reader::Everything,
            key: "return".to_owned(),
        };
        let request = wisher.request(Operation::RefundPayment, &id)?;
        let mut refund = NewRefund {
            id: RefundId(id),
            amount: Some(one.refund),
            cause: RefundCause::Returned,
            reason: None,
        };
        let intent = Intent::Refund(payment.id, refund.id);
        let give_back = |refund: &NewRefund| {
            let refund = refund.clone();
            self.payments.change(&request, intent, move |locked| {
                locked.refund(&refund, request.actor)
            })
        };
        let asked = give_back(&refund).await;
        match asked {
            // An admin gave some of it back before.
            Err(IntentError::Payment(PaymentError::TooMuch { left })) if left.minor > 0 => {
                refund.amount = Some(left);
                give_back(&refund).await?;
            }
            Ok(_) | Err(IntentError::Payment(PaymentError::TooMuch { .. })) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn postpone(
        &self,
        turns: &[ReturnTurn],
        error: &(dyn Error + Sync + 'static),
    ) -> Result<(), ShipmentsError> {
        warn!(
            returns = turns.len(),
            error = error as &(dyn Error + 'static),
            "postponed returns"
        );
        let later: Vec<(ParcelLease, Duration)> = turns
            .iter()
            .map(|one| {
                let pause = RETRIES.pause(one.turn.attempts, self.jitter);
                (one.turn.lease, pause)
            })
            .collect();
        self.returns.postpone(&later, &chain(error)).await
    }
}
