//! What an admin notes about a payment.

use super::{PgPayments, Stop, intent_error, locked::lock_payment};
use crate::{
    intents::ports::IntentError,
    payments::model::Payment,
    values::{PaymentId, Precondition, Reader},
};

impl PgPayments {
    pub(super) async fn try_annotate(
        &self,
        reader: Reader,
        id: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<Payment, Stop> {
        self.visible_payment(id, reader).await?;
        let mut transaction = self.writers.begin().await?;
        let mut payment = lock_payment(&mut transaction, id).await?;
        if !read.holds(payment.version) {
            return Err(IntentError::Stale.into());
        }
        if payment.note.as_deref() != note {
            payment.note = note.map(str::to_owned);
            let row = sqlx::query!(
                r#"
                UPDATE payments SET note = $2, version = version + 1, updated_at = now() WHERE id = $1
                RETURNING version, updated_at
                "#,
                id.0,
                note,
            )
            .fetch_one(&mut *transaction)
            .await?;
            (payment.version, payment.updated_at) = (row.version, row.updated_at);
        }
        // Not tried again without an answer: it would meet its own version.
        transaction
            .commit()
            .await
            .map_err(|error| Stop::Refused(intent_error(error.into())))?;
        Ok(payment)
    }
}
