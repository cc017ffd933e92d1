//! Wishes about payments and orders: each locks the saga, then the order, then the payment, decides in the model,
//! writes, and leaves the saga due. Nothing here calls anybody (ORDERS 9, 19, 20).

mod annotate;
mod cancel_order;
mod decide;
mod list_payments;
mod locked;
pub(crate) mod payment_row;
mod refund;
mod start;

use std::sync::Arc;

use postgres::{Failure, Pool};
use uuid::Uuid;
use web::clock::Clock;

use super::{
    model::{NewPayment, NewRefund, Payment, PaymentDecision, PaymentError, PaymentFilter, Refund},
    ports::{Asked, Cancellations, PaymentListing, Payments},
};
use crate::{
    infrastructure::postgres::{
        failure::{StoreError, retrying},
        request_key::Claim,
    },
    intents::ports::{Answered, IntentError, Request},
    values::{OrderId, PaymentId, Precondition, Reader, Window},
};

#[derive(Clone, Debug)]
pub struct PgPayments {
    readers: Pool,
    writers: Pool,
    clock: Clock,
}

impl PgPayments {
    pub fn new(readers: impl Into<Pool>, writers: impl Into<Pool>, clock: Clock) -> Self {
        Self {
            readers: readers.into(),
            writers: writers.into(),
            clock,
        }
    }
}

/// Why a transaction is not committed.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] IntentError),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<PaymentError> for Stop {
    fn from(error: PaymentError) -> Self {
        Self::Refused(error.into())
    }
}

impl Payments for PgPayments {
    async fn start(
        &self,
        request: &Request,
        order: OrderId,
        payment: &NewPayment,
    ) -> Result<Answered<Payment>, IntentError> {
        self.tried(|| self.try_start(request, order, payment)).await
    }

    async fn cancel(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> Result<Answered<Payment>, IntentError> {
        self.tried(|| self.try_decide(request, payment, PaymentDecision::Void))
            .await
    }

    async fn capture(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> Result<Answered<Payment>, IntentError> {
        self.tried(|| self.try_decide(request, payment, PaymentDecision::Capture))
            .await
    }

    async fn refund(
        &self,
        request: &Request,
        payment: PaymentId,
        refund: &NewRefund,
    ) -> Result<Answered<(Payment, Refund)>, IntentError> {
        self.tried(|| self.try_refund(request, payment, refund))
            .await
    }

    async fn annotate(
        &self,
        reader: Reader,
        payment: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<Payment, IntentError> {
        self.tried(|| self.try_annotate(reader, payment, read, note))
            .await
    }

    async fn wake(&self, payment: PaymentId) -> Result<bool, IntentError> {
        // By key alone (ORDERS 13): a finished saga is written as it was.
        let woken = sqlx::query_scalar!(
            r#"
            UPDATE sagas
            SET due_at = CASE WHEN finished_at IS NULL THEN now() ELSE due_at END,
                attempts = CASE WHEN finished_at IS NULL THEN 0 ELSE attempts END
            WHERE order_id = (SELECT order_id FROM payments WHERE id = $1)
            RETURNING finished_at IS NULL AS "unfinished!"
            "#,
            payment.0,
        )
        .fetch_optional(&self.writers)
        .await
        .map_err(|error| intent_error(error.into()))?;
        if woken == Some(true) {
            return Ok(true);
        }
        Ok(self.find(payment).await?.is_some())
    }

    async fn find(&self, payment: PaymentId) -> Result<Option<Payment>, IntentError> {
        list_payments::by_id(&self.readers, payment.0)
            .await
            .map_err(intent_error)
    }

    async fn list(
        &self,
        filter: &PaymentFilter,
        window: &Window<PaymentId>,
    ) -> Result<PaymentListing, IntentError> {
        list_payments::list(&self.readers, filter, window)
            .await
            .map_err(intent_error)
    }

    async fn refunds(&self, payment: PaymentId) -> Result<Vec<Refund>, IntentError> {
        let refunds = async {
            let Some(found) = list_payments::by_id(&self.readers, payment.0).await? else {
                return Ok(Vec::new());
            };
            payment_row::refunds(&self.readers, &[payment.0])
                .await?
                .into_iter()
                .map(|row| row.into_refund(found.amount.currency))
                .collect()
        };
        refunds.await.map_err(intent_error)
    }
}

impl Cancellations for PgPayments {
    async fn request(&self, request: &Request, order: OrderId) -> Result<Asked, IntentError> {
        self.tried(|| self.try_cancel_order(request, order)).await
    }
}

impl PgPayments {
    /// Tries again what failed for a reason that passes; a refusal is an answer.
    async fn tried<T, F>(&self, attempt: impl Fn() -> F + Send + Sync) -> Result<T, IntentError>
    where
        T: Send,
        F: Future<Output = Result<T, Stop>> + Send,
    {
        retrying(self.clock, || {
            let attempt = attempt();
            async {
                match attempt.await {
                    Ok(done) => Ok(Ok(done)),
                    Err(Stop::Refused(refused)) => Ok(Err(refused)),
                    Err(Stop::Store(error)) => Err(error),
                }
            }
        })
        .await
        .map_err(intent_error)?
    }

    async fn visible_order(&self, order: OrderId, reader: Reader) -> Result<(), Stop> {
        let owner = sqlx::query_scalar!(r#"SELECT user_id FROM orders WHERE id = $1"#, order.0)
            .fetch_optional(&self.writers)
            .await?;
        visible(owner, reader)
    }

    /// The order of a payment that the reader may see.
    async fn visible_payment(&self, id: PaymentId, reader: Reader) -> Result<OrderId, Stop> {
        let row = sqlx::query!(
            r#"SELECT user_id, order_id FROM payments WHERE id = $1"#,
            id.0
        )
        .fetch_optional(&self.writers)
        .await?;
        visible(row.as_ref().map(|row| row.user_id), reader)?;
        let order = row.map(|row| OrderId(row.order_id));
        Ok(order.ok_or(IntentError::NotFound)?)
    }

    async fn found(&self, id: PaymentId) -> Result<Payment, Stop> {
        let found = list_payments::by_id(&self.writers, id.0).await?;
        Ok(found.ok_or(StoreError::Row("the payment of a key"))?)
    }

    async fn done(&self, id: PaymentId) -> Result<Answered<Payment>, Stop> {
        Ok(Answered {
            result: self.found(id).await?,
            replayed: false,
        })
    }

    async fn replayed(&self, id: PaymentId) -> Result<Answered<Payment>, Stop> {
        Ok(Answered {
            result: self.found(id).await?,
            replayed: true,
        })
    }
}

fn visible(owner: Option<Uuid>, reader: Reader) -> Result<(), Stop> {
    match (owner, reader) {
        (Some(_), Reader::Everything) => Ok(()),
        (Some(owner), Reader::Own(user)) if owner == user.0 => Ok(()),
        (Some(_), Reader::Own(_)) | (None, _) => Err(IntentError::NotFound.into()),
    }
}

fn repeated(claim: Claim) -> Result<Option<Uuid>, Stop> {
    match claim {
        Claim::Fresh => Ok(None),
        Claim::Repeated { resource } => resource
            .map(Some)
            .ok_or(StoreError::Row("the resource of a key").into()),
        Claim::Reused => Err(IntentError::KeyReused.into()),
    }
}

fn intent_error(error: StoreError) -> IntentError {
    match error.failure() {
        Failure::Retryable | Failure::Unknown => IntentError::Unavailable(Arc::new(error)),
        Failure::Data | Failure::Defect => IntentError::Defect(Arc::new(error)),
    }
}
