//! Has the money taken that was set aside for a payment.

use super::{
    model::{OrderPayments, Payment},
    ports::{Intent, Payments},
};
use crate::{
    intents::{
        Wisher,
        ports::{Answered, IntentError},
    },
    saga::Poke,
    values::{Operation, PaymentId},
};

#[derive(Clone)]
pub struct CapturePayment<P> {
    payments: P,
    poke: Poke,
}

impl<P: Payments> CapturePayment<P> {
    pub fn new(payments: P, poke: Poke) -> Self {
        Self { payments, poke }
    }

    pub async fn run(
        &self,
        wisher: &Wisher,
        payment: PaymentId,
    ) -> Result<Answered<Payment>, IntentError> {
        let request = wisher.request(Operation::CapturePayment, &payment)?;
        let done = self
            .payments
            .change(
                &request,
                Intent::DecidePayment(payment),
                OrderPayments::capture_payment,
            )
            .await?;
        self.poke.poke();
        Ok(done.answered(self.payments.changed(payment).await?))
    }
}
