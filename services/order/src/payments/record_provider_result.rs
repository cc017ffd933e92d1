//! A provider has news of a payment, by webhook: its saga is woken and asks, just as it does when it polls. What the
//! news says is not believed, only that there is some.

use super::ports::Payments;
use crate::{intents::ports::IntentError, saga::SagaWaker, values::PaymentId};

#[derive(Clone)]
pub struct RecordProviderResult<P> {
    payments: P,
    waker: SagaWaker,
}

impl<P: Payments> RecordProviderResult<P> {
    pub fn new(payments: P, waker: SagaWaker) -> Self {
        Self { payments, waker }
    }

    /// False: there is no such payment.
    pub async fn run(&self, payment: PaymentId) -> Result<bool, IntentError> {
        let known = self.payments.wake(payment).await?;
        if known {
            self.waker.wake_both();
        }
        Ok(known)
    }
}
