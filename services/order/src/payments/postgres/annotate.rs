//! The note of a payment concerns nothing else: only its row is locked.

use super::{PgPayments, Stop, locked::lock_payment};
use crate::{
    infrastructure::postgres::failure::StoreError,
    payments::model::{Payment, StoredPayment},
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
        self.order_of_payment(id, reader).await?;
        let mut transaction = self.writers.begin().await?;
        let mut payment = lock_payment(&mut transaction, id).await?;
        payment.annotate(read, note)?;
        if payment.version != payment.read_version() {
            let updated_at = sqlx::query_scalar!(
                r#"UPDATE payments SET note = $2, version = $3, updated_at = now() WHERE id = $1 RETURNING updated_at"#,
                id.0,
                payment.note,
                payment.version,
            )
            .fetch_one(&mut *transaction)
            .await?;
            payment = Payment::stored(StoredPayment {
                updated_at,
                ..(*payment).clone()
            });
        }
        // Not tried again without an answer: it would meet its own version.
        transaction
            .commit()
            .await
            .map_err(|error| Stop::Refused(StoreError::from(error).into()))?;
        Ok(payment)
    }
}
