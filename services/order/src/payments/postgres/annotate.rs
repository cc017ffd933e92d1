//! The note of a payment concerns nothing else: only its row is locked.

use db::Transaction;

use super::{PgPayments, locked::lock_payment};
use crate::{
    intents::ports::IntentError,
    payments::model::{Payment, StoredPayment},
    values::{PaymentId, Precondition, Reader},
};

impl PgPayments {
    /// The payment with its new note, in a transaction that is to be committed.
    pub(super) async fn try_annotate(
        &self,
        reader: Reader,
        id: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<(Transaction, Payment), IntentError> {
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
        Ok((transaction, payment))
    }
}
