//! Carries out an intent in one transaction: claims its key, locks saga, order and payment, lets the model decide, writes
//! the changes, and leaves the saga due (ORDERS 9, 18, 19).

use idempotency::Claim;
use uuid::Uuid;

use super::{
    PgPayments,
    locked::{lock, read_order, write},
};
use crate::{
    fail_point::FailPoint,
    infrastructure::postgres::{
        failure::{StoreError, commit},
        request_key::claim,
    },
    intents::ports::{IntentError, Request},
    payments::{
        model::{IntentRefusal, OrderPayments},
        ports::{Done, Intent},
    },
    values::{OrderId, PaymentId, Reader, UserId},
};

const OK: i16 = 200;
const CREATED: i16 = 201;

const BEFORE: FailPoint = FailPoint::BeforeIntentCommit;
const AFTER: FailPoint = FailPoint::AfterIntentCommit;

impl PgPayments {
    pub(super) async fn try_change<T: Send>(
        &self,
        request: &Request,
        intent: Intent,
        decide: &(impl Fn(&mut OrderPayments) -> Result<T, IntentRefusal> + Sync),
    ) -> Result<Done<T>, IntentError> {
        let (order, unlocked) = self.visible(intent, request.reader).await?;
        let mut transaction = self.writers.begin().await?;
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            intent.resource(),
            intent.status(),
        );
        match claimed.await? {
            Claim::Fresh => {}
            // The connection goes back before anything is read: holding it meanwhile would starve the twins.
            Claim::Answered(resource) => return Ok(Done::Before(intent.made(order, resource)?)),
            Claim::OfAnotherRequest => return Err(IntentError::KeyReused),
        }
        // A repeated request that changes nothing takes no locks: it neither waits nor blocks others.
        if let Some(mut unlocked) = unlocked
            && let Ok(outcome) = decide(&mut unlocked)
            && unlocked.changes().is_empty()
        {
            commit(transaction, BEFORE, AFTER).await?;
            return Ok(Done::Now(outcome));
        }
        let mut locked = lock(&mut transaction, intent, order).await?;
        let outcome = decide(&mut locked)?;
        write(&mut transaction, intent, order, locked.changes()).await?;
        commit(transaction, BEFORE, AFTER).await?;
        Ok(Done::Now(outcome))
    }

    /// The order of an intent whose caller may see it; as it is at this moment, where that may be the answer.
    async fn visible(
        &self,
        intent: Intent,
        reader: Reader,
    ) -> Result<(OrderId, Option<OrderPayments>), IntentError> {
        match intent {
            Intent::CancelOrder(order) => {
                let found = read_order(&self.writers, order).await?;
                let found = found.filter(|found| found.may_be_seen_by(reader));
                Ok((order, Some(found.ok_or(IntentError::NotFound)?)))
            }
            Intent::StartPayment(order, _) => {
                let owner =
                    sqlx::query_scalar!(r#"SELECT user_id FROM orders WHERE id = $1"#, order.0)
                        .fetch_optional(&self.writers)
                        .await?;
                let seen = owner.is_some_and(|owner| reader.may_see(UserId(owner)));
                seen.then_some((order, None)).ok_or(IntentError::NotFound)
            }
            Intent::DecidePayment(payment) | Intent::Refund(payment, _) => {
                Ok((self.order_of_payment(payment, reader).await?, None))
            }
        }
    }

    /// The order of a payment that the reader may see.
    pub(super) async fn order_of_payment(
        &self,
        id: PaymentId,
        reader: Reader,
    ) -> Result<OrderId, IntentError> {
        let row = sqlx::query!(
            r#"SELECT user_id, order_id FROM payments WHERE id = $1"#,
            id.0
        )
        .fetch_optional(&self.writers)
        .await?;
        let seen = row.filter(|row| reader.may_see(UserId(row.user_id)));
        seen.map(|row| OrderId(row.order_id))
            .ok_or(IntentError::NotFound)
    }
}

/// What is kept with the key of a request.
impl Intent {
    /// What it makes or changes beside the order.
    const fn resource(self) -> Option<Uuid> {
        match self {
            Self::CancelOrder(_) => None,
            Self::StartPayment(_, payment) | Self::DecidePayment(payment) => Some(payment.0),
            Self::Refund(_, refund) => Some(refund.0),
        }
    }

    /// The status of its answer.
    const fn status(self) -> i16 {
        if self.makes_something() { CREATED } else { OK }
    }

    /// What an earlier request like it made or changed.
    fn made(self, order: OrderId, stored: Option<Uuid>) -> Result<Uuid, StoreError> {
        match self.resource() {
            None => Ok(order.0),
            Some(_) => stored.ok_or(StoreError::row("the resource of a key")),
        }
    }
}
