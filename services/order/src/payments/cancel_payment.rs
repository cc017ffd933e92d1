//! Gives a payment up before its money is taken; its order waits for another one.

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
pub struct CancelPayment<P> {
    payments: P,
    poke: Poke,
}

impl<P: Payments> CancelPayment<P> {
    pub fn new(payments: P, poke: Poke) -> Self {
        Self { payments, poke }
    }

    pub async fn run(
        &self,
        wisher: &Wisher,
        payment: PaymentId,
    ) -> Result<Answered<Payment>, IntentError> {
        let request = wisher.request(Operation::CancelPayment, &payment)?;
        let done = self
            .payments
            .change(
                &request,
                Intent::DecidePayment(payment),
                OrderPayments::cancel_payment,
            )
            .await?;
        self.poke.poke();
        Ok(done.answered(self.payments.changed(payment).await?))
    }
}
