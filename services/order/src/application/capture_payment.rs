//! Has the money taken that was set aside for a payment.

use super::{saga_loop::Poke, wish::Wisher};
use crate::{
    domain::{Operation, Payment, PaymentId},
    ports::{Answered, IntentError, Payments},
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
        let captured = self.payments.capture(&request, payment).await?;
        self.poke.poke();
        Ok(captured)
    }
}
