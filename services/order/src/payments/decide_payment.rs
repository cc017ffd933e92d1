//! Decides what becomes of a payment: it is given up before its money is taken, and its order waits for another one; or
//! the money is taken that was set aside.

use super::{
    model::{IntentRefusal, OrderPayments, Payment, PaymentDecision},
    ports::{Intent, Payments},
};
use crate::{
    intents::{
        Requester,
        ports::{Answered, IntentError},
    },
    saga::Poke,
    values::{Operation, PaymentId},
};

#[derive(Clone)]
pub struct DecidePayment<P> {
    payments: P,
    poke: Poke,
}

impl<P: Payments> DecidePayment<P> {
    pub fn new(payments: P, poke: Poke) -> Self {
        Self { payments, poke }
    }

    pub async fn run(
        &self,
        requester: &Requester,
        payment: PaymentId,
        decision: PaymentDecision,
    ) -> Result<Answered<Payment>, IntentError> {
        type Decide = fn(&mut OrderPayments) -> Result<(), IntentRefusal>;
        let (operation, decide): (_, Decide) = match decision {
            PaymentDecision::Void => (Operation::CancelPayment, OrderPayments::cancel_payment),
            PaymentDecision::Capture => (Operation::CapturePayment, OrderPayments::capture_payment),
        };
        let request = requester.request(operation, &payment)?;
        let done = self
            .payments
            .change(&request, Intent::DecidePayment(payment), decide)
            .await?;
        self.poke.poke();
        let changed = self.payments.changed(&request, payment).await?;
        Ok(done.answered(changed))
    }
}
