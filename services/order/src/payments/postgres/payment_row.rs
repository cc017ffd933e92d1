//! Payments and refunds as they lie in the tables.

use chrono::{DateTime, Utc};
use money::{Currency, Money};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{failure::StoreError, parse, typed},
    payments::model::{Payment, Refund, RefusalReason, StoredPayment, StoredRefund},
    values::{OrderId, PaymentId, RefundId, UserId},
};

macro_rules! select_payments {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::payments::postgres::payment_row::PaymentRow,
            r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at, updated_at
        FROM "# + $rest,
            $($argument),+
        )
    };
}
pub(crate) use select_payments;

#[derive(Debug)]
pub(crate) struct PaymentRow {
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) provider: String,
    pub(crate) method: String,
    pub(crate) capture: String,
    pub(crate) currency: String,
    pub(crate) amount_minor: i64,
    pub(crate) status: String,
    pub(crate) decision: Option<String>,
    pub(crate) authorized_minor: i64,
    pub(crate) captured_minor: i64,
    pub(crate) refund_pending_minor: i64,
    pub(crate) refunded_minor: i64,
    pub(crate) provider_reference: Option<String>,
    pub(crate) refusal: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) secured: bool,
    pub(crate) asked: bool,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct RefundRow {
    pub(crate) id: Uuid,
    pub(crate) payment_id: Uuid,
    pub(crate) amount_minor: i64,
    pub(crate) status: String,
    pub(crate) cause: String,
    pub(crate) reason: Option<String>,
    pub(crate) refusal: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl PaymentRow {
    pub(crate) fn into_payment(self) -> Result<Payment, StoreError> {
        let currency: Currency = parse("currency", &self.currency)?;
        let money = |minor| Money::new(minor, currency);
        let decision = self.decision.map(|text| parse("decision", &text));
        let reference = self.provider_reference;
        let reference = reference.map(|text| typed("provider_reference", text));
        Ok(Payment::stored(StoredPayment {
            id: PaymentId(self.id),
            order_id: OrderId(self.order_id),
            customer: UserId(self.user_id),
            provider: parse("provider", &self.provider)?,
            method: typed("method", self.method)?,
            capture: parse("capture", &self.capture)?,
            state: parse("status", &self.status)?,
            decision: decision.transpose()?,
            amount: money(self.amount_minor),
            authorized: money(self.authorized_minor),
            captured: money(self.captured_minor),
            refund_pending: money(self.refund_pending_minor),
            refunded: money(self.refunded_minor),
            reference: reference.transpose()?,
            refusal: refusal(self.refusal)?,
            note: self.note,
            secured: self.secured,
            asked: self.asked,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }))
    }
}

impl RefundRow {
    pub(crate) fn into_refund(self, currency: Currency) -> Result<Refund, StoreError> {
        Ok(Refund::stored(StoredRefund {
            id: RefundId(self.id),
            payment_id: PaymentId(self.payment_id),
            amount: Money::new(self.amount_minor, currency),
            state: parse("status", &self.status)?,
            cause: parse("cause", &self.cause)?,
            reason: self.reason,
            refusal: refusal(self.refusal)?,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }))
    }
}

/// Refunds of these payments, oldest first.
pub(crate) async fn refunds(
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
    reason.map(|text| typed("refusal", text)).transpose()
}
