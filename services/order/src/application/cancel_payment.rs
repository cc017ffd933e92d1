//! Gives a payment up before its money is taken; its order waits for another one.

use super::{saga_loop::Poke, wish::Wisher};
use crate::{
    domain::{Operation, Payment, PaymentId},
    ports::{Answered, IntentError, Payments},
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
        let cancelled = self.payments.cancel(&request, payment).await?;
        self.poke.poke();
        Ok(cancelled)
    }
}
