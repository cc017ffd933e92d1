//! Starts the payment of an order that waits for one; the saga does the rest.

use clock::Ids;

use super::{
    PaymentTerms,
    model::{CaptureMode, NewPayment, Payment, PaymentMethod},
    ports::{Done, Intent, Payments},
};
use crate::{
    intents::{
        Requester,
        ports::{Answered, IntentError},
    },
    saga::Poke,
    values::{Operation, OrderId, PaymentId},
};

#[derive(Clone)]
pub struct StartPayment<P> {
    payments: P,
    terms: PaymentTerms,
    ids: Ids,
    poke: Poke,
}

#[derive(Debug, thiserror::Error)]
pub enum StartPaymentError {
    #[error("no such payment method")]
    UnknownMethod,
    #[error(transparent)]
    Intent(#[from] IntentError),
}

impl<P: Payments> StartPayment<P> {
    pub fn new(payments: P, terms: PaymentTerms, ids: Ids, poke: Poke) -> Self {
        Self {
            payments,
            terms,
            ids,
            poke,
        }
    }

    /// Without `capture`: as the shop's terms say.
    pub async fn run(
        &self,
        requester: &Requester,
        order: OrderId,
        method: &PaymentMethod,
        capture: Option<CaptureMode>,
    ) -> Result<Answered<Payment>, StartPaymentError> {
        let terms = self
            .terms
            .payment(PaymentId(self.ids.uuid()), method)
            .ok_or(StartPaymentError::UnknownMethod)?;
        let payment = NewPayment {
            capture: capture.unwrap_or(terms.capture),
            ..terms
        };
        let content = (order, method, capture.map(CaptureMode::as_str));
        let request = requester.request(Operation::StartPayment, &content)?;
        let intent = Intent::StartPayment(order, payment.id);
        let done = self
            .payments
            .change(&request, intent, |locked| {
                locked.start_payment(&payment, request.actor)
            })
            .await?;
        self.poke.poke();
        let started = match done {
            Done::Now(payment) => payment,
            Done::Before(payment) => PaymentId(payment),
        };
        Ok(done.answered(self.payments.changed(&request, started).await?))
    }
}
