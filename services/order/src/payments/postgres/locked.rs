//! The saga, the order and the payment of an intent, locked in that order and written (ORDERS 9).

use postgres::{Pool, Transaction};
use uuid::Uuid;

use super::payment_row::PaymentRow;
use crate::{
    fail_point::{FailPoint, reach},
    infrastructure::postgres::failure::{StoreError, on_demand},
    orders::{
        model::OrderState,
        postgres::{
            events::{self, EventRow},
            row::state,
        },
    },
    payments::model::Payment,
    saga::postgres::sagas,
    values::{OrderId, PaymentId},
};

/// An order as a wish finds it.
pub(super) struct Found {
    pub(super) customer: Uuid,
    pub(super) state: OrderState,
    pub(super) currency: String,
    pub(super) total_minor: i64,
    /// It may be paid, as far as time goes.
    pub(super) payable: bool,
    pub(super) cancel_requested: bool,
}

struct FoundRow {
    user_id: Uuid,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    cancel_reason: Option<String>,
    version: i64,
    currency: String,
    total_minor: i64,
    payable: bool,
    cancel_requested: bool,
}

/// `lock`: what follows the statement.
macro_rules! select_order {
    ($lock:literal, $order:expr) => {
        sqlx::query_as!(
            FoundRow,
            r#"
            SELECT user_id, status, payment_status, fulfillment_status, cancel_reason, version, currency, total_minor,
                   COALESCE(pay_by > now(), false) AS "payable!", cancel_requested_at IS NOT NULL AS "cancel_requested!"
            FROM orders WHERE id = $1"# + $lock,
            $order.0,
        )
    };
}

/// The order as it is at this moment, which may be over by the time of the answer.
pub(super) async fn read(pool: &Pool, order: OrderId) -> Result<Option<Found>, StoreError> {
    let row = select_order!("", order).fetch_optional(pool).await?;
    row.map(FoundRow::into_found).transpose()
}

/// Makes the saga due, and locks it and then the order: in that order, as the sagas' own rounds do.
pub(super) async fn wake_and_lock(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<Found, StoreError> {
    sagas::wake(transaction, order).await?;
    lock_order(transaction, order).await
}

/// The same for a wish that may change nothing: who writes afterwards wakes the saga. A saga that is woken for nothing
/// has work, and seems to come on, for as long as somebody repeats a wish.
pub(super) async fn lock(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<Found, StoreError> {
    if !sagas::lock(transaction, order).await? {
        // It was forgotten: an order that is locked before its saga meets another wish in a deadlock.
        sagas::wake(transaction, order).await?;
    }
    lock_order(transaction, order).await
}

async fn lock_order(transaction: &mut Transaction, order: OrderId) -> Result<Found, StoreError> {
    let locked = select_order!(" FOR NO KEY UPDATE", order);
    locked.fetch_one(&mut **transaction).await?.into_found()
}

impl FoundRow {
    fn into_found(self) -> Result<Found, StoreError> {
        Ok(Found {
            customer: self.user_id,
            state: state(
                &self.status,
                &self.payment_status,
                &self.fulfillment_status,
                self.cancel_reason.as_deref(),
                self.version,
            )?,
            currency: self.currency,
            total_minor: self.total_minor,
            payable: self.payable,
            cancel_requested: self.cancel_requested,
        })
    }
}

pub(super) async fn lock_payment(
    transaction: &mut Transaction,
    id: PaymentId,
) -> Result<Payment, StoreError> {
    sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at, updated_at
        FROM payments WHERE id = $1 FOR NO KEY UPDATE
        "#,
        id.0,
    )
    .fetch_one(&mut **transaction)
    .await?
    .into_payment()
}

/// Writes the payment axis of a locked order, with its event.
pub(super) async fn advance(
    transaction: &mut Transaction,
    order: OrderId,
    state: &OrderState,
    event: EventRow,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"UPDATE orders SET payment_status = $2, version = $3, updated_at = now() WHERE id = $1"#,
        order.0,
        state.payment.as_str(),
        state.version,
    )
    .execute(&mut **transaction)
    .await?;
    if done.rows_affected() != 1 {
        return Err(sqlx::Error::RowNotFound.into());
    }
    events::write(transaction, &[event]).await?;
    Ok(())
}

pub(super) async fn commit(transaction: Transaction) -> Result<(), StoreError> {
    reach(FailPoint::BeforeIntentCommit)
        .await
        .map_err(on_demand)?;
    transaction.commit().await?;
    reach(FailPoint::AfterIntentCommit)
        .await
        .map_err(on_demand)?;
    Ok(())
}
