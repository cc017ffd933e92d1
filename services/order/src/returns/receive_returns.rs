//! Returns that are received: they are reported to product and refunded. Both happen under the return's own id, so that a
//! repetition has no further effect.

use std::time::Duration;

use super::model::ReceivedReturn;
use crate::{
    checkout::ports::ReservationsError,
    fulfillment::{
        Direction,
        model::Movement,
        ports::{MovementOutcomes, Stock},
    },
    intents::{Requester, ports::IntentError},
    payments::{
        model::{IntentRefusal, NewRefund, Payment, PaymentError, PaymentFilter, RefundCause},
        ports::{Intent, Payments},
    },
    values::{Actor, Cause, Operation, Reader, RefundId, Start, UserId, Window},
};

#[derive(Clone)]
pub struct ReceiveReturns<S, P> {
    pub stock: S,
    pub payments: P,
}

impl<S: Stock, P: Payments> Direction for ReceiveReturns<S, P> {
    type Goods = ReceivedReturn;

    const NAME: &'static str = "returns";
    const BATCH: i64 = 64;
    const LEASE: Duration = Duration::from_secs(30);

    async fn tell(&self, movements: &[Movement]) -> Result<MovementOutcomes, ReservationsError> {
        self.stock.take_back(movements).await
    }

    /// Requests the refund of a return, as far as a payment has that much left; the saga pays it. A payment that cannot be
    /// read may be the one: the return waits.
    async fn complete(&self, returned: &ReceivedReturn) -> Result<(), IntentError> {
        let filter = PaymentFilter {
            order: Some(returned.movement.order_id),
            ..PaymentFilter::default()
        };
        let window = Window {
            rows: 100,
            start: Start::Offset(0),
            count_to: None,
        };
        let payments = self.payments.list(&filter, &window).await?.rows;
        let payments: Result<Vec<Payment>, Cause> =
            payments.into_iter().map(|row| row.item).collect();
        let mut payments = payments.map_err(IntentError::Defect)?.into_iter();
        let captured = payments.find(|payment| payment.state.is_captured());
        let Some(payment) = captured.filter(|_| returned.refund.minor > 0) else {
            return Ok(());
        };
        let id = returned.movement.id;
        // The return itself is the principal, so that no customer's key can collide with this one.
        let requester = Requester {
            user: UserId(id),
            actor: Actor::System,
            reader: Reader::Everything,
            key: "return".to_owned(),
        };
        let request = requester.request(Operation::RefundPayment, &id)?;
        let mut refund = NewRefund {
            id: RefundId(id),
            amount: Some(returned.refund),
            cause: RefundCause::Returned,
            reason: None,
        };
        let intent = Intent::Refund(payment.id, refund.id);
        let pay_back = |refund: &NewRefund| {
            let refund = refund.clone();
            self.payments.change(&request, intent, move |locked| {
                locked.refund(&refund, request.actor)
            })
        };
        let asked = pay_back(&refund).await;
        match asked {
            // An admin refunded a part of it before.
            Err(IntentError::Refused(IntentRefusal::Payment(PaymentError::TooMuch { left })))
                if left.minor > 0 =>
            {
                refund.amount = Some(left);
                pay_back(&refund).await?;
            }
            Ok(_)
            | Err(IntentError::Refused(IntentRefusal::Payment(PaymentError::TooMuch { .. }))) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
