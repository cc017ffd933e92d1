//! A provider has news of a payment, by webhook: its saga is woken and asks, just as it does when it polls. What the
//! news says is not believed, only that there is some.

use super::ports::Payments;
use crate::{intents::ports::IntentError, saga::Poke, values::PaymentId};

#[derive(Clone)]
pub struct RecordProviderResult<P> {
    payments: P,
    poke: Poke,
}

impl<P: Payments> RecordProviderResult<P> {
    pub fn new(payments: P, poke: Poke) -> Self {
        Self { payments, poke }
    }

    /// False: there is no such payment.
    pub async fn run(&self, payment: PaymentId) -> Result<bool, IntentError> {
        let known = self.payments.wake(payment).await?;
        if known {
            self.poke.poke_both();
        }
        Ok(known)
    }
}
