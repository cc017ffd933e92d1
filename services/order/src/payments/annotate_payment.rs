//! Writes the note of a payment: the only thing about it that a client may edit.

use super::{model::Payment, ports::Payments};
use crate::{
    intents::ports::IntentError,
    values::{Note, PaymentId, Precondition, Reader},
};

#[derive(Clone)]
pub struct AnnotatePayment<P> {
    payments: P,
}

impl<P: Payments> AnnotatePayment<P> {
    pub fn new(payments: P) -> Self {
        Self { payments }
    }

    pub async fn run(
        &self,
        reader: Reader,
        payment: PaymentId,
        read: &Precondition,
        note: Option<&Note>,
    ) -> Result<Payment, IntentError> {
        let note = note.map(Note::as_str);
        self.payments.annotate(reader, payment, read, note).await
    }
}
