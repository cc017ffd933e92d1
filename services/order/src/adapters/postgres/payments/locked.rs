//! The saga, the order and the payment of an intent, locked in that order and written (ORDERS 9).

use postgres::Transaction;
use uuid::Uuid;

use super::super::{
    events::{self, EventRow},
    failure::{StoreError, on_demand},
    payment_row::PaymentRow,
    row::state,
    sagas,
};
use crate::{
    domain::{OrderId, OrderState, Payment, PaymentId},
    fail_point::{FailPoint, reach},
};

/// An order as a wish finds it, locked.
pub(super) struct Locked {
    pub(super) customer: Uuid,
    pub(super) state: OrderState,
    pub(super) currency: String,
    pub(super) total_minor: i64,
    /// It may be paid, as far as time goes.
    pub(super) payable: bool,
    pub(super) cancel_requested: bool,
}

/// Makes the saga due, and locks it and then the order: in that order, as the sagas' own rounds do.
pub(super) async fn wake_and_lock(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<Locked, StoreError> {
    sagas::wake(transaction, order).await?;
    let row = sqlx::query!(
        r#"
        SELECT user_id, status, payment_status, fulfillment_status, cancel_reason, version, currency, total_minor,
               COALESCE(pay_by > now(), false) AS "payable!", cancel_requested_at IS NOT NULL AS "cancel_requested!"
        FROM orders WHERE id = $1 FOR NO KEY UPDATE
        "#,
        order.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(Locked {
        customer: row.user_id,
        state: state(
            &row.status,
            &row.payment_status,
            &row.fulfillment_status,
            row.cancel_reason.as_deref(),
            row.version,
        )?,
        currency: row.currency,
        total_minor: row.total_minor,
        payable: row.payable,
        cancel_requested: row.cancel_requested,
    })
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
