//! Payments in Postgres: rows and statements. What becomes of an order and its payment is decided by the model.

mod annotate;
mod change;
mod list_payments;
mod locked;
pub(crate) mod payment_row;

use clock::Jitter;
use db::{
    Pool,
    readable::{Row, readable_ones},
};

use super::{
    model::{IntentRefusal, OrderPayments, Payment, PaymentFilter, Refund},
    ports::{Done, Intent, PaymentListing, Payments},
};
use crate::{
    infrastructure::postgres::failure::{StoreError, retries, retrying},
    intents::ports::{IntentError, Request},
    values::{PaymentId, Precondition, Reader, RefundId, Window},
};

#[derive(Clone, Debug)]
pub struct PgPayments {
    readers: Pool,
    writers: Pool,
    jitter: Jitter,
}

impl PgPayments {
    pub fn new(readers: impl Into<Pool>, writers: impl Into<Pool>, jitter: Jitter) -> Self {
        Self {
            readers: readers.into(),
            writers: writers.into(),
            jitter,
        }
    }
}

impl Payments for PgPayments {
    async fn change<T: Send>(
        &self,
        request: &Request,
        intent: Intent,
        decide: impl Fn(&mut OrderPayments) -> Result<T, IntentRefusal> + Send + Sync,
    ) -> Result<Done<T>, IntentError> {
        let change = || self.try_change(request, intent, &decide);
        retries(request.begun, self.jitter).run(change).await
    }

    async fn annotate(
        &self,
        reader: Reader,
        payment: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<Payment, IntentError> {
        let annotate = || self.try_annotate(reader, payment, read, note);
        let (transaction, payment) = retrying(self.jitter, annotate).await?;
        // Not tried again without an answer: it would meet its own version.
        transaction.commit().await?;
        Ok(payment)
    }

    async fn changed(&self, request: &Request, payment: PaymentId) -> Result<Payment, IntentError> {
        let changed = || self.read_changed(payment);
        Ok(retries(request.begun, self.jitter).run(changed).await?)
    }

    async fn changed_refund(
        &self,
        request: &Request,
        payment: PaymentId,
        refund: RefundId,
    ) -> Result<(Payment, Refund), IntentError> {
        let changed = || self.read_changed_refund(payment, refund);
        Ok(retries(request.begun, self.jitter).run(changed).await?)
    }

    async fn wake(&self, payment: PaymentId) -> Result<bool, IntentError> {
        let woken = retrying(self.jitter, || wake_saga(&self.writers, payment)).await?;
        if woken == Some(true) {
            return Ok(true);
        }
        Ok(self.find(payment).await?.is_some())
    }

    async fn find(&self, payment: PaymentId) -> Result<Option<Payment>, IntentError> {
        Ok(list_payments::by_id(&self.readers, payment.0).await?)
    }

    async fn list(
        &self,
        filter: &PaymentFilter,
        window: &Window<PaymentId>,
    ) -> Result<PaymentListing, IntentError> {
        Ok(list_payments::list(&self.readers, filter, window).await?)
    }

    async fn refunds(&self, payment: &Payment) -> Result<Vec<Refund>, IntentError> {
        let rows = payment_row::refunds(&self.readers, &[payment.id.0]).await?;
        Ok(readable_ones(rows))
    }
}

impl PgPayments {
    async fn read_changed(&self, id: PaymentId) -> Result<Payment, StoreError> {
        let found = list_payments::by_id(&self.writers, id.0).await?;
        found.ok_or(StoreError::row("the payment of a key"))
    }

    async fn read_changed_refund(
        &self,
        id: PaymentId,
        refund: RefundId,
    ) -> Result<(Payment, Refund), StoreError> {
        let payment = self.read_changed(id).await?;
        let rows = payment_row::refunds(&self.writers, &[id.0]).await?;
        // This one alone: another refund that cannot be read does not fail it.
        let row = rows.into_iter().find(|row| row.id == refund.0);
        let row = row.ok_or(StoreError::row("the refund of a key"))?;
        Ok((payment, row.read()?))
    }
}

/// Whether the saga of a payment was unfinished, and so woken. Waking it twice is waking it once.
async fn wake_saga(pool: &Pool, payment: PaymentId) -> Result<Option<bool>, StoreError> {
    // By key alone (ORDERS 13): a finished saga is written as it was.
    Ok(sqlx::query_scalar!(
        r#"
        UPDATE sagas
        SET due_at = CASE WHEN finished_at IS NULL THEN now() ELSE due_at END,
            attempts = CASE WHEN finished_at IS NULL THEN 0 ELSE attempts END
        WHERE order_id = (SELECT order_id FROM payments WHERE id = $1)
        RETURNING finished_at IS NULL AS "unfinished!"
        "#,
        payment.0,
    )
    .fetch_optional(pool)
    .await?)
}
