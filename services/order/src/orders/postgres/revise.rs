//! Orders changed by hand: a compare-and-set on the version, and the event of the new one (ORDERS 22).

use db::{Pool, Transaction};
use sqlx::types::Json;

use super::{
    events::{self, EventRow},
    stored_address::StoredAddress,
};
use crate::{
    infrastructure::postgres::failure::StoreError,
    orders::{
        model::{NewEvent, Order, OrderState, PastEvent},
        ports::Saved,
    },
    values::OrderId,
};

pub(crate) async fn save(
    pool: &Pool,
    order: &Order,
    event: &NewEvent,
) -> Result<Saved, StoreError> {
    let state = &order.state;
    let mut transaction = pool.begin().await?;
    let done = sqlx::query!(
        r#"
        UPDATE orders
        SET status = $3, fulfillment_status = $4, version = $5, shipping_address = $6, note = $7, updated_at = now()
        WHERE id = $1 AND version = $2
        "#,
        order.id.0,
        order.read_version(),
        state.status.as_str(),
        state.fulfillment.as_str(),
        state.version,
        Json(StoredAddress::of(order.shipping_address.as_ref())) as _,
        order.note,
    )
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(Saved::Changed);
    }
    events::write(&mut transaction, &[EventRow::new(order.id, state, event)]).await?;
    transaction.commit().await?;
    Ok(Saved::Written)
}

/// Moves an order to a state, with the event of that version, unless it has another version than was read. The order
/// is locked until the transaction ends.
pub(crate) async fn advance(
    transaction: &mut Transaction,
    id: OrderId,
    read_version: i64,
    state: &OrderState,
    event: &NewEvent,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        UPDATE orders
        SET status = $3, fulfillment_status = $4, version = $5, updated_at = now()
        WHERE id = $1 AND version = $2
        "#,
        id.0,
        read_version,
        state.status.as_str(),
        state.fulfillment.as_str(),
        state.version,
    )
    .execute(&mut **transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    events::write(transaction, &[EventRow::new(id, state, event)]).await?;
    Ok(true)
}

pub(crate) async fn history(
    pool: &Pool,
    order: OrderId,
    after: i64,
    rows: i64,
) -> Result<Vec<PastEvent>, StoreError> {
    Ok(sqlx::query_as!(
        PastEvent,
        r#"
        SELECT version, event_id, event_type, actor, actor_id, occurred_at, data
        FROM order_events
        WHERE order_id = $1 AND version > $2
        ORDER BY version
        LIMIT $3
        "#,
        order.0,
        after,
        rows,
    )
    .fetch_all(pool)
    .await?)
}
