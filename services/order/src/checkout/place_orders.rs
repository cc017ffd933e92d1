//! A batch of orders: look for answers given before, hold the stock, write the orders, wake the sagas.
//! One order's failure never fails its neighbours (ORDERS 1-3, 12, 14, 18).

mod refusals;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clock::{Ids, Jitter};
use money::{Currency, MoneyError};
use tracing::{Instrument, error, warn};
use worker::Bisection;

use super::{
    Command, PlaceOrderError, Placed,
    model::{NewOrder, ReservationRequest, Verdict},
    ports::{Creation, PlacedOrders, Recorded, Reservations, ReservationsError, Reserved},
};
use crate::{
    fail_point::{FailPoint, between, reach},
    orders::{
        model::{OrderLine, Totals},
        ports::OrdersError,
    },
    payments::PaymentTerms,
    saga::SagaWaker,
    values::{Backoff, Cause, OrderId, PaymentId},
};

const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(50),
    most: Duration::from_millis(400),
};

#[derive(Debug, thiserror::Error)]
enum Defect {
    #[error("product priced in {priced} in a shop of {shop}")]
    Currency { priced: Currency, shop: Currency },
    #[error("product returned the wrong number of verdicts for a batch")]
    Unanswered,
}

type Outcome = Result<Placed, PlaceOrderError>;

pub struct PlaceOrders<R, O> {
    pub reservations: R,
    pub orders: O,
    pub ids: Ids,
    pub jitter: Jitter,
    pub currency: Currency,
    pub waker: SagaWaker,
    pub terms: PaymentTerms,
    /// How long a reservation whose outcome is unknown is sent again.
    pub patience: Duration,
}

impl<R: Reservations + Clone, O: PlacedOrders> PlaceOrders<R, O> {
    /// An outcome for each command, in their order.
    pub async fn run(&self, commands: &[Command]) -> Vec<Outcome> {
        let mut outcomes = vec![None; commands.len()];
        self.replay(commands, &mut outcomes).await;
        self.refuse_methods(commands, &mut outcomes);
        self.refuse_many_orders(commands, &mut outcomes).await;
        self.refuse_many_units(commands, &mut outcomes).await;
        let (indices, orders) = self.hold(commands, &mut outcomes).await;
        self.write(commands, &indices, &orders, &mut outcomes).await;
        // Nothing is left here that could fail but the process.
        let _ = reach(FailPoint::AfterOrderRow).await;
        if !orders.is_empty() {
            let written =
                |index: usize| matches!(&outcomes[index], Some(Ok(placed)) if !placed.replayed);
            let placed = indices
                .iter()
                .zip(&orders)
                .filter(|(index, _)| written(**index));
            let begun = placed.filter_map(|(_, order)| order.first_turn());
            self.waker.hand_over(begun.collect()).await;
        }
        self.replay_twins(commands, &mut outcomes).await;
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(failed(Defect::Unanswered))))
            .collect()
    }

    /// Answers what was carried out before.
    async fn replay(&self, commands: &[Command], outcomes: &mut [Option<Outcome>]) {
        let identities: Vec<_> = commands.iter().map(|command| &command.identity).collect();
        match self.orders.recorded(&identities).await {
            Ok(recorded) => {
                for ((command, outcome), recorded) in commands.iter().zip(outcomes).zip(recorded) {
                    *outcome = recorded.map(|recorded| replayed(command, recorded));
                }
            }
            Err(error) => outcomes.fill(Some(Err(match error {
                OrdersError::Unavailable(cause) => PlaceOrderError::Unavailable(cause),
                OrdersError::Refused(cause) | OrdersError::Defect(cause) => {
                    PlaceOrderError::Failed(cause)
                }
            }))),
        }
    }

    /// Holds the stock of what is unanswered; the orders to write, and the indices of their commands.
    async fn hold(
        &self,
        commands: &[Command],
        outcomes: &mut [Option<Outcome>],
    ) -> (Vec<usize>, Vec<NewOrder>) {
        let open: Vec<usize> = (0..commands.len())
            .filter(|index| outcomes[*index].is_none())
            .collect();
        let requests: Vec<_> = open
            .iter()
            .map(|index| self.reservation(&commands[*index]))
            .collect();
        let deadline = Instant::now() + self.patience;
        let (mut indices, mut orders, mut unwanted) = (Vec::new(), Vec::new(), Vec::new());
        let mut bisection = Bisection::over(requests.len());
        while let Some(range) = bisection.next() {
            match self.reserve_until(deadline, &requests[range.clone()]).await {
                Ok(verdicts) => {
                    let asked = open[range.clone()].iter().zip(&requests[range]);
                    for ((index, request), reserved) in asked.zip(verdicts) {
                        let leaves = reserved.hold();
                        match self.order(&commands[*index], reserved) {
                            Ok(order) => {
                                indices.push(*index);
                                orders.push(order);
                            }
                            Err(error) => {
                                // A hold of an earlier request may have become an order: it ends by itself.
                                unwanted.extend(leaves.filter(|id| *id == request.order_id));
                                outcomes[*index] = Some(Err(error));
                            }
                        }
                    }
                }
                Err(PlaceOrderError::Refused(_)) if bisection.split(&range) => {}
                Err(error) => open[range]
                    .iter()
                    .for_each(|index| outcomes[*index] = Some(Err(error.clone()))),
            }
        }
        self.give_back(unwanted);
        (indices, orders)
    }

    /// Gives back what was held for orders that are refused all the same. No request waits for it, and it is asked once:
    /// such a hold ends by itself (ORDERS 2, 37).
    fn give_back(&self, orders: Vec<OrderId>) {
        if orders.is_empty() {
            return;
        }
        let reservations = self.reservations.clone();
        let giving = async move {
            if let Err(error) = reservations.give_back(&orders).await {
                warn!(
                    orders = orders.len(),
                    error = &error as &dyn std::error::Error,
                    "holds of refused orders were not released; they will expire"
                );
            }
        };
        tokio::spawn(web::in_trace(web::current_trace(), giving).in_current_span());
    }

    /// Sends the same batch with the same keys until its outcome is known or the time is up; never gives a hold back.
    async fn reserve_until(
        &self,
        deadline: Instant,
        batch: &[ReservationRequest],
    ) -> Result<Vec<Reserved>, PlaceOrderError> {
        let (before, after) = (FailPoint::BeforeReserve, FailPoint::AfterReserve);
        let (mut unknown, mut attempts) = (None, 0);
        loop {
            let error = match between(before, after, self.reservations.reserve(batch)).await {
                Ok(verdicts) => return Ok(verdicts),
                Err(error) => error,
            };
            attempts += 1;
            let pause = RETRIES.pause(attempts, self.jitter);
            let in_time = Instant::now() + pause < deadline;
            let again = match &error {
                ReservationsError::Refused(cause) => {
                    return Err(PlaceOrderError::Refused(Arc::clone(cause)));
                }
                ReservationsError::Unknown(cause) => {
                    unknown = Some(Arc::clone(cause));
                    in_time
                }
                ReservationsError::Unreachable(_) => in_time,
                ReservationsError::LeftAlone => false,
            };
            if !again {
                // Nothing was done only if that is true of every attempt.
                let nothing_done = || PlaceOrderError::Unavailable(Arc::new(error));
                return Err(unknown.map_or_else(nothing_done, PlaceOrderError::OutcomeUnknown));
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn write(
        &self,
        commands: &[Command],
        indices: &[usize],
        orders: &[NewOrder],
        outcomes: &mut [Option<Outcome>],
    ) {
        let (most, mut unwanted) = (self.most_unpaid_units(), Vec::new());
        let mut bisection = Bisection::over(orders.len());
        while let Some(range) = bisection.next() {
            let error = match self.orders.create(&orders[range.clone()], most).await {
                Ok(creations) => {
                    let asked = indices[range.clone()].iter().zip(&orders[range]);
                    for ((index, order), creation) in asked.zip(creations) {
                        outcomes[*index] = Some(match creation {
                            Creation::Created(order) => Ok(Placed {
                                order,
                                replayed: false,
                            }),
                            Creation::Existed(recorded) => replayed(&commands[*index], recorded),
                            // Its key was free, so nothing has come of its hold (ORDERS 37).
                            Creation::Refused(too_many) => {
                                unwanted.push(order.id);
                                Err(PlaceOrderError::TooManyUnpaidUnits(too_many))
                            }
                        });
                    }
                    continue;
                }
                Err(OrdersError::Refused(_)) if bisection.split(&range) => continue,
                // Rolled back for good: nothing of it is there.
                Err(OrdersError::Refused(cause)) => {
                    unwanted.extend(orders[range.clone()].iter().map(|order| order.id));
                    PlaceOrderError::Refused(cause)
                }
                Err(OrdersError::Unavailable(cause)) => PlaceOrderError::OutcomeUnknown(cause),
                Err(OrdersError::Defect(cause)) => PlaceOrderError::Failed(cause),
            };
            indices[range]
                .iter()
                .for_each(|index| outcomes[*index] = Some(Err(error.clone())));
        }
        self.give_back(unwanted);
    }

    /// A twin on another replica may have made the order since we looked: then its hold has ended, or its units are the
    /// ones that are too many.
    async fn replay_twins(&self, commands: &[Command], outcomes: &mut [Option<Outcome>]) {
        let doubtful = |outcome: &Option<Outcome>| {
            matches!(
                outcome,
                Some(Err(PlaceOrderError::KeyExpired
                    | PlaceOrderError::TooManyUnpaid
                    | PlaceOrderError::TooManyUnpaidUnits(_)))
            )
        };
        let ended: Vec<usize> = (0..commands.len())
            .filter(|index| doubtful(&outcomes[*index]))
            .collect();
        if ended.is_empty() {
            return;
        }
        let identities: Vec<_> = ended
            .iter()
            .map(|index| &commands[*index].identity)
            .collect();
        match self.orders.recorded(&identities).await {
            Ok(recorded) => {
                for (index, recorded) in ended.into_iter().zip(recorded) {
                    if let Some(recorded) = recorded {
                        outcomes[index] = Some(replayed(&commands[index], recorded));
                    }
                }
            }
            Err(error) => {
                let cause: Cause = Arc::new(error);
                for index in ended {
                    outcomes[index] =
                        Some(Err(PlaceOrderError::OutcomeUnknown(Arc::clone(&cause))));
                }
            }
        }
    }

    fn reservation(&self, command: &Command) -> ReservationRequest {
        ReservationRequest {
            request_key: command.request_key,
            fingerprint: command.fingerprint,
            order_id: OrderId(self.ids.uuid()),
            expected_total: command.request.expected_total,
            lines: command.request.lines.clone(),
        }
    }

    /// The order that a verdict allows.
    fn order(&self, command: &Command, reserved: Reserved) -> Result<NewOrder, PlaceOrderError> {
        let verdict = match reserved {
            Reserved::Verdict(verdict) => verdict,
            Reserved::Unusable { misfit, .. } => {
                error!(
                    error = &misfit as &dyn std::error::Error,
                    "refused an order because its reservation is invalid"
                );
                return Err(PlaceOrderError::NotOrderable(Arc::new(misfit)));
            }
        };
        let (id, currency, lines) = match verdict {
            Verdict::Held {
                order_id,
                currency,
                lines,
            } => (order_id, currency, lines),
            Verdict::OutOfStock { lines } => return Err(PlaceOrderError::OutOfStock(lines)),
            Verdict::UnknownProducts { lines } => {
                let asked = command.request.lines.as_slice();
                let unknown = lines
                    .into_iter()
                    .filter_map(|index| asked.get(index).cloned());
                return Err(PlaceOrderError::UnknownProducts(unknown.collect()));
            }
            Verdict::PriceChanged { total } => return Err(PlaceOrderError::PriceChanged { total }),
            Verdict::TooManyUnits { sku, .. } => return Err(PlaceOrderError::TooManyUnits(sku)),
            Verdict::FingerprintMismatch => return Err(PlaceOrderError::KeyReused),
            Verdict::Gone => return Err(PlaceOrderError::KeyExpired),
        };
        if currency != self.currency {
            return Err(failed(Defect::Currency {
                priced: currency,
                shop: self.currency,
            }));
        }
        let priced = |error: MoneyError| match error {
            MoneyError::TooLarge => PlaceOrderError::TotalTooLarge,
            MoneyError::NotADecimal
            | MoneyError::TooPrecise { .. }
            | MoneyError::CurrencyMismatch => failed(error),
        };
        let lines: Vec<OrderLine> = lines
            .into_iter()
            .map(OrderLine::try_from)
            .collect::<Result<_, _>>()
            .map_err(priced)?;
        let totals = Totals::of(&lines, currency).map_err(priced)?;
        let to_pay = self.terms.are_asked() && totals.total.minor > 0;
        let method = command.request.payment_method.as_ref();
        let payment = |method| self.terms.payment(PaymentId(self.ids.uuid()), method);
        Ok(NewOrder {
            pay_within: to_pay.then_some(self.terms.window),
            payment: method.filter(|_| to_pay).and_then(payment),
            id,
            identity: command.identity.clone(),
            fingerprint: command.fingerprint,
            lines,
            totals,
            shipping_address: command.request.shipping_address.clone(),
            note: command.request.note.clone(),
        })
    }
}

fn replayed(command: &Command, recorded: Result<Recorded, Cause>) -> Outcome {
    let recorded = recorded.map_err(PlaceOrderError::Failed)?;
    if recorded.fingerprint == command.fingerprint {
        Ok(Placed {
            order: recorded.order,
            replayed: true,
        })
    } else {
        Err(PlaceOrderError::KeyReused)
    }
}

fn failed(defect: impl std::error::Error + Send + Sync + 'static) -> PlaceOrderError {
    PlaceOrderError::Failed(Arc::new(defect))
}
