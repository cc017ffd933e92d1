//! Payments and refunds as they lie in the tables.

use std::fmt::Display;

use db::readable::{Attempt, Row, Time, Unreadable};
use money::{Currency, Money};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{decoded, parse, typed},
    payments::model::{Payment, Refund, RefusalReason, StoredPayment, StoredRefund},
    values::{OrderId, PaymentId, Position, RefundId, UserId},
};

macro_rules! select_payments {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::payments::postgres::payment_row::PaymentRow,
            r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at AS "created_at: _", updated_at AS "updated_at: _"
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
    pub(crate) created_at: Attempt<Time>,
    pub(crate) updated_at: Attempt<Time>,
}

#[derive(Debug)]
pub(crate) struct RefundRow {
    pub(crate) id: Uuid,
    pub(crate) payment_id: Uuid,
    /// The payment's.
    pub(crate) currency: String,
    pub(crate) amount_minor: i64,
    pub(crate) status: String,
    pub(crate) cause: String,
    pub(crate) reason: Option<String>,
    pub(crate) refusal: Option<String>,
    pub(crate) created_at: Attempt<Time>,
    pub(crate) updated_at: Attempt<Time>,
}

impl PaymentRow {
    /// Where a list goes on behind it.
    pub(crate) fn position(&self) -> Option<Position<PaymentId>> {
        Some((self.created_at.get()?.0, PaymentId(self.id)))
    }
}

impl Row for PaymentRow {
    type Read = Payment;

    const KIND: &'static str = "payment";

    fn id(&self) -> impl Display + use<> {
        self.id
    }

    fn read(self) -> Result<Payment, Unreadable> {
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
            created_at: decoded("created_at", self.created_at)?,
            updated_at: decoded("updated_at", self.updated_at)?,
        }))
    }
}

impl Row for RefundRow {
    type Read = Refund;

    const KIND: &'static str = "refund";

    fn id(&self) -> impl Display + use<> {
        self.id
    }

    fn read(self) -> Result<Refund, Unreadable> {
        let currency: Currency = parse("currency", &self.currency)?;
        Ok(Refund::stored(StoredRefund {
            id: RefundId(self.id),
            payment_id: PaymentId(self.payment_id),
            amount: Money::new(self.amount_minor, currency),
            state: parse("status", &self.status)?,
            cause: parse("cause", &self.cause)?,
            reason: self.reason,
            refusal: refusal(self.refusal)?,
            created_at: decoded("created_at", self.created_at)?,
            updated_at: decoded("updated_at", self.updated_at)?,
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
        SELECT refunds.id, payment_id, currency, refunds.amount_minor, refunds.status, cause, reason, refunds.refusal,
               refunds.created_at AS "created_at: _", refunds.updated_at AS "updated_at: _"
        FROM refunds JOIN payments ON payments.id = payment_id
        WHERE payment_id = ANY ($1) ORDER BY refunds.created_at, refunds.id
        "#,
        payments,
    )
    .fetch_all(executor)
    .await
}

fn refusal(reason: Option<String>) -> Result<Option<RefusalReason>, Unreadable> {
    reason.map(|text| typed("refusal", text)).transpose()
}
