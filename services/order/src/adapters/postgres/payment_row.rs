//! Payments and refunds as they lie in the tables.

use chrono::{DateTime, Utc};
use money::{Currency, Money};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::failure::StoreError;
use crate::domain::{
    OrderId, Payment, PaymentId, PaymentMethod, ProviderReference, Refund, RefundId, RefusalReason,
    UserId,
};

#[derive(Debug)]
pub(super) struct PaymentRow {
    pub(super) id: Uuid,
    pub(super) order_id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) provider: String,
    pub(super) method: String,
    pub(super) capture: String,
    pub(super) currency: String,
    pub(super) amount_minor: i64,
    pub(super) status: String,
    pub(super) decision: Option<String>,
    pub(super) authorized_minor: i64,
    pub(super) captured_minor: i64,
    pub(super) refund_pending_minor: i64,
    pub(super) refunded_minor: i64,
    pub(super) provider_reference: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) note: Option<String>,
    pub(super) secured: bool,
    pub(super) asked: bool,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct RefundRow {
    pub(super) id: Uuid,
    pub(super) payment_id: Uuid,
    pub(super) amount_minor: i64,
    pub(super) status: String,
    pub(super) cause: String,
    pub(super) reason: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl PaymentRow {
    pub(super) fn into_payment(self) -> Result<Payment, StoreError> {
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|_| StoreError::Row("currency"))?;
        let money = |minor| Money::new(minor, currency);
        Ok(Payment {
            id: PaymentId(self.id),
            order_id: OrderId(self.order_id),
            customer: UserId(self.user_id),
            provider: self
                .provider
                .parse()
                .map_err(|_| StoreError::Row("provider"))?,
            method: PaymentMethod::try_from(self.method).map_err(|_| StoreError::Row("method"))?,
            capture: self
                .capture
                .parse()
                .map_err(|_| StoreError::Row("capture"))?,
            state: self.status.parse().map_err(|_| StoreError::Row("status"))?,
            decision: self
                .decision
                .map(|decision| decision.parse())
                .transpose()
                .map_err(|_| StoreError::Row("decision"))?,
            amount: money(self.amount_minor),
            authorized: money(self.authorized_minor),
            captured: money(self.captured_minor),
            refund_pending: money(self.refund_pending_minor),
            refunded: money(self.refunded_minor),
            reference: self
                .provider_reference
                .map(ProviderReference::try_from)
                .transpose()
                .map_err(|_| StoreError::Row("provider_reference"))?,
            refusal: refusal(self.refusal)?,
            note: self.note,
            secured: self.secured,
            asked: self.asked,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl RefundRow {
    pub(super) fn into_refund(self, currency: Currency) -> Result<Refund, StoreError> {
        Ok(Refund {
            id: RefundId(self.id),
            payment_id: PaymentId(self.payment_id),
            amount: Money::new(self.amount_minor, currency),
            state: self.status.parse().map_err(|_| StoreError::Row("status"))?,
            cause: self.cause.parse().map_err(|_| StoreError::Row("cause"))?,
            reason: self.reason,
            refusal: refusal(self.refusal)?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Refunds of these payments, oldest first.
pub(super) async fn refunds(
    executor: impl PgExecutor<'_>,
    payments: &[Uuid],
) -> Result<Vec<RefundRow>, sqlx::Error> {
    sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, amount_minor, status, cause, reason, refusal, created_at, updated_at
        FROM refunds WHERE payment_id = ANY ($1) ORDER BY created_at, id
        "#,
        payments,
    )
    .fetch_all(executor)
    .await
}

fn refusal(reason: Option<String>) -> Result<Option<RefusalReason>, StoreError> {
    reason
        .map(RefusalReason::try_from)
        .transpose()
        .map_err(|_| StoreError::Row("refusal"))
}
