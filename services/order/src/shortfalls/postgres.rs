//! Shortfalls, each recorded once: locks the saga, then the order, as intents do, and leaves the saga due (ORDERS 5, 9).

use db::{Pool, Transaction, readable::Unreadable};

use super::{
    model::{LineLeft, ShortOrder, Shortfall},
    ports::{Recording, Shortfalls},
};
use crate::{
    fail_point::FailPoint,
    infrastructure::postgres::{
        PgOrders, column,
        failure::{StoreError, commit, retrying},
        touched, typed,
    },
    orders::{
        model::{Hold, OrderState},
        ports::OrdersError,
        postgres::{
            events::{self, EventRow},
            row::stored_state,
        },
    },
    saga::postgres::sagas,
    values::OrderId,
};

impl Shortfalls for PgOrders {
    async fn record(&self, shortfall: &Shortfall) -> Result<Recording, OrdersError> {
        Ok(retrying(self.jitter, || record(&self.intents, shortfall)).await?)
    }
}

async fn record(pool: &Pool, shortfall: &Shortfall) -> Result<Recording, StoreError> {
    let order = shortfall.order_id;
    let mut transaction = pool.begin().await?;
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM order_shortfalls WHERE id = $1) AS "known!""#,
        shortfall.id,
    )
    .fetch_one(&mut *transaction)
    .await?;
    if known {
        return Ok(Recording::Known);
    }
    if !sagas::wake(&mut transaction, order).await? {
        return Ok(Recording::NoOrder);
    }
    let (read, hold) = lock(&mut transaction, order).await?;
    let lines = lines(&mut transaction, order).await?;
    let short = shortfall.of(read, hold, &lines);
    if !insert(&mut transaction, shortfall, short.as_ref()).await? {
        // A twin was faster.
        return Ok(Recording::Known);
    }
    let recording = match &short {
        Some(short) => {
            write(&mut transaction, order, short).await?;
            Recording::Taken
        }
        None => Recording::Nothing,
    };
    let (before, after) = (
        FailPoint::BeforeShortfallCommit,
        FailPoint::AfterShortfallCommit,
    );
    commit(transaction, before, after).await?;
    Ok(recording)
}

async fn lock(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<(OrderState, Hold), StoreError> {
    let row = sqlx::query!(
        r#"
        SELECT status, payment_status, fulfillment_status, cancel_reason, version, hold
        FROM orders WHERE id = $1 FOR NO KEY UPDATE
        "#,
        order.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    let state = stored_state!(row)?;
    let hold = Hold::of_row(&row.hold, &state).map_err(|_| StoreError::row("hold"))?;
    Ok((state, hold))
}

async fn lines(transaction: &mut Transaction, order: OrderId) -> Result<Vec<LineLeft>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT position, sku, unit_price_minor, quantity, shipped, short
        FROM order_items WHERE order_id = $1 ORDER BY position
        "#,
        order.0,
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LineLeft {
                position: row.position,
                sku: typed("sku", row.sku)?,
                unit_price_minor: row.unit_price_minor,
                quantity: typed("units", row.quantity)?,
                shipped: typed("units", row.shipped)?,
                short: typed("units", row.short)?,
            })
        })
        .collect()
}

async fn insert(
    transaction: &mut Transaction,
    shortfall: &Shortfall,
    short: Option<&ShortOrder>,
) -> Result<bool, StoreError> {
    let taken = short.map_or(0, |short| short.taken);
    let inserted = sqlx::query!(
        r#"
        INSERT INTO order_shortfalls (id, order_id, sku, quantity, taken) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO NOTHING
        "#,
        shortfall.id,
        shortfall.order_id.0,
        shortfall.sku.as_str(),
        i64::try_from(shortfall.quantity).unwrap_or(i64::MAX),
        typed::<_, i32>("taken", taken)?,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn write(
    transaction: &mut Transaction,
    order: OrderId,
    short: &ShortOrder,
) -> Result<(), StoreError> {
    let positions = column(&short.lines, |line| line.position);
    let units = short.lines.iter().map(|line| typed("short", line.short));
    let units: Vec<i32> = units.collect::<Result<_, Unreadable>>()?;
    sqlx::query!(
        r#"
        UPDATE order_items SET short = next.short
        FROM unnest($2::smallint[], $3::integer[]) AS next (position, short)
        WHERE order_items.order_id = $1 AND order_items.position = next.position
        "#,
        order.0,
        &positions,
        &units,
    )
    .execute(&mut **transaction)
    .await?;
    let state = &short.state;
    let done = sqlx::query!(
        r#"
        UPDATE orders
        SET hold = $2, fulfillment_status = $3, version = $4, shortfall_minor = shortfall_minor + $5, updated_at = now()
        WHERE id = $1
        "#,
        order.0,
        short.hold.as_str(),
        state.fulfillment.as_str(),
        state.version,
        short.minor,
    )
    .execute(&mut **transaction)
    .await?;
    touched::<StoreError>(done.rows_affected(), 1)?;
    events::write(
        transaction,
        &[EventRow::new(order, state, short.event.clone())],
    )
    .await?;
    Ok(())
}
