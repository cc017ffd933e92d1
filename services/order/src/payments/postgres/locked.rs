//! The saga, the order and the payment of an intent, locked in that order, and what is written of them (ORDERS 9).

use db::{Pool, Transaction, constraint, readable::Row};
use money::{Currency, Money};
use uuid::Uuid;

use super::payment_row::select_payments;
use crate::{
    infrastructure::postgres::{failure::StoreError, parse, touched},
    intents::ports::IntentError,
    orders::{
        model::{NewEvent, OrderState},
        postgres::{
            events::{self, EventRow},
            row::stored_state,
        },
    },
    payments::{
        model::{Changes, LineShipping, OrderPayments, Payment, StartedPayment, StoredOrder},
        ports::Intent,
    },
    saga::postgres::{
        sagas,
        settle::{write_payments, write_refunds},
    },
    values::{OrderId, PaymentId, UserId},
};

struct OrderRow {
    id: Uuid,
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
            OrderRow,
            r#"
            SELECT id, user_id, status, payment_status, fulfillment_status, cancel_reason, version, currency, total_minor,
                   COALESCE(pay_by > now(), false) AS "payable!", cancel_requested_at IS NOT NULL AS "cancel_requested!"
            FROM orders WHERE id = $1"# + $lock,
            $order.0,
        )
    };
}

/// The order as it is at this moment, which may be over by the time of the answer.
pub(super) async fn read_order(
    pool: &Pool,
    order: OrderId,
) -> Result<Option<OrderPayments>, StoreError> {
    let row = select_order!("", order).fetch_optional(pool).await?;
    row.map(OrderRow::into_order).transpose()
}

/// Locks the saga, the order and the payment, in that order, as the sagas' own rounds do.
pub(super) async fn lock(
    transaction: &mut Transaction,
    intent: Intent,
    order: OrderId,
) -> Result<OrderPayments, StoreError> {
    // An intent that may change nothing wakes the saga only with what it writes: a saga that is woken without need counts
    // as progressing for as long as the request is repeated. A saga whose row is gone is woken all the same: locking the
    // order before its saga leads to a deadlock with another intent.
    if intent.makes_something() || !sagas::lock(transaction, order).await? {
        sagas::wake(transaction, order).await?;
    }
    let locked = select_order!(" FOR NO KEY UPDATE", order);
    let locked = locked.fetch_one(&mut **transaction).await?.into_order()?;
    Ok(match intent {
        Intent::DecidePayment(payment) | Intent::Refund(payment, _) => {
            locked.with_payment(lock_payment(transaction, payment).await?)
        }
        Intent::CancelOrder(_) if locked.cancellation_depends_on_units() => {
            locked.with_units(units(transaction, order).await?)
        }
        Intent::StartPayment(..) | Intent::CancelOrder(_) => locked,
    })
}

impl OrderRow {
    fn into_order(self) -> Result<OrderPayments, StoreError> {
        let currency: Currency = parse("currency", &self.currency)?;
        Ok(OrderPayments::stored(StoredOrder {
            id: OrderId(self.id),
            customer: UserId(self.user_id),
            state: stored_state!(self)?,
            total: Money::new(self.total_minor, currency),
            payable: self.payable,
            cancel_requested: self.cancel_requested,
        }))
    }
}

pub(super) async fn lock_payment(
    transaction: &mut Transaction,
    id: PaymentId,
) -> Result<Payment, StoreError> {
    Ok(select_payments!(
        r#"payments WHERE id = $1 FOR NO KEY UPDATE
        "#,
        id.0,
    )
    .fetch_one(&mut **transaction)
    .await?
    .read()?)
}

async fn units(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<Vec<LineShipping>, StoreError> {
    Ok(sqlx::query_as!(
        LineShipping,
        r#"
        SELECT item.quantity::bigint AS "ordered!", item.short::bigint AS "short!", item.shipped::bigint AS "shipped!",
               COALESCE((
                   SELECT sum(line.quantity)
                   FROM fulfillments JOIN fulfillment_lines AS line ON line.fulfillment_id = fulfillments.id
                   WHERE fulfillments.order_id = $1 AND fulfillments.status = 'shipping' AND line.position = item.position
               ), 0) AS "leaving!"
        FROM order_items AS item WHERE item.order_id = $1
        "#,
        order.0,
    )
    .fetch_all(&mut **transaction)
    .await?)
}

/// Writes what an intent changed, and leaves the saga due. Without changes nothing is written.
pub(super) async fn write(
    transaction: &mut Transaction,
    intent: Intent,
    order: OrderId,
    changes: &Changes,
) -> Result<(), IntentError> {
    if changes.is_empty() {
        return Ok(());
    }
    let Changes {
        version,
        cancellation,
        started,
        payment,
        refund,
    } = changes;
    if let Some(started) = started {
        insert_payment(transaction, started).await?;
    }
    write_payments(transaction, &payment.iter().collect::<Vec<_>>()).await?;
    write_refunds(transaction, &refund.iter().collect::<Vec<_>>()).await?;
    if let Some((state, event)) = version {
        write_order(transaction, order, state, event, *cancellation).await?;
    }
    if !intent.makes_something() {
        sagas::wake(transaction, order).await?;
    }
    Ok(())
}

async fn insert_payment(
    transaction: &mut Transaction,
    started: &StartedPayment,
) -> Result<(), IntentError> {
    let StartedPayment {
        new,
        order,
        customer,
        amount,
    } = started;
    sqlx::query!(
        r#"
        INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        new.id.0,
        order.0,
        customer.0,
        new.provider.as_str(),
        new.method.as_str(),
        new.capture.as_str(),
        amount.currency.code(),
        amount.minor,
    )
    .execute(&mut **transaction)
    .await
    .map_err(|error| match constraint(&error) {
        Some("payments_live") => IntentError::PaymentExists,
        _ => error.into(),
    })?;
    Ok(())
}

/// Writes a new version of a locked order, with its event.
async fn write_order(
    transaction: &mut Transaction,
    order: OrderId,
    state: &OrderState,
    event: &NewEvent,
    cancellation: Option<UserId>,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        UPDATE orders
        SET payment_status = $2, version = $3, updated_at = now(),
            cancel_requested_at = CASE WHEN $4::uuid IS NULL THEN cancel_requested_at ELSE now() END,
            cancel_requested_by = COALESCE($4, cancel_requested_by)
        WHERE id = $1
        "#,
        order.0,
        state.payment.as_str(),
        state.version,
        cancellation.map(|user| user.0),
    )
    .execute(&mut **transaction)
    .await?;
    touched::<StoreError>(done.rows_affected(), 1)?;
    events::write(transaction, &[EventRow::new(order, state, event.clone())]).await?;
    Ok(())
}
