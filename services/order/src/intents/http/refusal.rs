//! Errors of requests for changes, as the problems that tell the client what to do.

use idempotency::KeyReused;
use web::Problem;

use crate::intents::ports::IntentError;

impl From<IntentError> for Problem {
    fn from(error: IntentError) -> Self {
        match error {
            IntentError::NotFound => Self::not_found(),
            IntentError::KeyReused => KeyReused.into(),
            IntentError::PaymentExists => Self::conflict(
                "payment_exists",
                "The order already has a payment; see GET /payments?order=. Start a new one only after that has failed or is cancelled.",
            ),
            IntentError::Refused(refusal) => refusal.into(),
            IntentError::Unavailable(_) => Self::unavailable(1).with_cause(&error),
            IntentError::Defect(_) => Self::internal(&error),
        }
    }
}
