//! Sets an amount of a payment aside that is to go back to the customer.

use clock::Ids;
use money::Money;

use super::{
    model::{NewRefund, Payment, Refund, RefundCause},
    ports::{Done, Intent, Payments},
};
use crate::{
    intents::{
        Requester,
        ports::{Answered, IntentError},
    },
    saga::Poke,
    values::{Operation, PaymentId, RefundId},
};

#[derive(Clone)]
pub struct RefundPayment<P> {
    payments: P,
    ids: Ids,
    poke: Poke,
}

impl<P: Payments> RefundPayment<P> {
    pub fn new(payments: P, ids: Ids, poke: Poke) -> Self {
        Self {
            payments,
            ids,
            poke,
        }
    }

    /// Without an amount: all that is left.
    pub async fn run(
        &self,
        requester: &Requester,
        payment: PaymentId,
        amount: Option<Money>,
        reason: Option<String>,
    ) -> Result<Answered<(Payment, Refund)>, IntentError> {
        let content = (payment, amount.map(|amount| amount.minor), &reason);
        let request = requester.request(Operation::RefundPayment, &content)?;
        let refund = NewRefund {
            id: RefundId(self.ids.uuid()),
            amount,
            cause: RefundCause::Requested,
            reason,
        };
        let intent = Intent::Refund(payment, refund.id);
        let done = self
            .payments
            .change(&request, intent, |locked| {
                locked.refund(&refund, request.actor)
            })
            .await?;
        self.poke.poke();
        let refund = match done {
            Done::Now(refund) => refund,
            Done::Before(refund) => RefundId(refund),
        };
        let changed = self
            .payments
            .changed_refund(&request, payment, refund)
            .await?;
        Ok(done.answered(changed))
    }
}
