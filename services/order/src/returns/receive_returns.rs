//! Returns that are here: product is told of them, and the money for them goes back.
//! Both are told under the return's own id: twice, or by two workers, is once.

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
        model::{IntentRefusal, NewRefund, PaymentError, PaymentFilter, RefundCause},
        ports::{Intent, Payments},
    },
    values::{Actor, Operation, Reader, RefundId, Start, UserId, Window},
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

    /// Has the money for a return go back, as far as a payment still has it; the saga hands it over.
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
        let listing = self.payments.list(&filter, &window).await?;
        let captured = listing
            .payments
            .into_iter()
            .find(|payment| payment.state.is_captured());
        let Some(payment) = captured.filter(|_| returned.refund.minor > 0) else {
            return Ok(());
        };
        let id = returned.movement.id;
        // The return itself is the principal: nobody's keys are in its way.
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
        let give_back = |refund: &NewRefund| {
            let refund = refund.clone();
            self.payments.change(&request, intent, move |locked| {
                locked.refund(&refund, request.actor)
            })
        };
        let asked = give_back(&refund).await;
        match asked {
            // An admin gave some of it back before.
            Err(IntentError::Refused(IntentRefusal::Payment(PaymentError::TooMuch { left })))
                if left.minor > 0 =>
            {
                refund.amount = Some(left);
                give_back(&refund).await?;
            }
            Ok(_)
            | Err(IntentError::Refused(IntentRefusal::Payment(PaymentError::TooMuch { .. }))) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
