//! Orders with their parcels: read, and written step by step under the order's version (ORDERS 22).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use postgres::{Pool, Transaction};
use uuid::Uuid;

use crate::{
    fulfillment::model::{
        Dispatch, Fulfillment, FulfillmentStep, LineUnits, NewFulfillment, ParcelLine, ParcelStep,
        Tracking, TrackingUrl,
    },
    infrastructure::postgres::failure::StoreError,
    orders::{
        ports::Saved,
        postgres::{list::by_ids, revise::advance},
    },
    returns::postgres::returns,
    values::{FulfillmentId, OrderId, Quantity, Sku, Text},
};

struct UnitsRow {
    allotted: i32,
    shipped: i32,
    delivered: i32,
    returned: i32,
    short: i32,
}

struct FulfillmentRow {
    id: Uuid,
    order_id: Uuid,
    status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    tracking_url: Option<String>,
    refusal: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    shipped_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
}

pub(crate) async fn dispatch(pool: &Pool, order: OrderId) -> Result<Option<Dispatch>, StoreError> {
    // What is read after the order may be newer than its version: then the write finds another version.
    let Some(found) = by_ids(pool, &[order.0]).await?.pop() else {
        return Ok(None);
    };
    let units = units(pool, order).await?;
    let fulfillments = fulfillments(pool, order).await?;
    let returns = returns::of_order(pool, order, found.totals.currency()).await?;
    Ok(Some(Dispatch {
        order: found,
        units,
        fulfillments,
        returns,
    }))
}

pub(crate) async fn order_of(
    pool: &Pool,
    parcel: FulfillmentId,
) -> Result<Option<OrderId>, StoreError> {
    let order = sqlx::query_scalar!(
        r#"SELECT order_id FROM fulfillments WHERE id = $1"#,
        parcel.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(order.map(OrderId))
}

pub(crate) async fn write(
    pool: &Pool,
    order: OrderId,
    step: &FulfillmentStep,
) -> Result<Saved, StoreError> {
    let mut transaction = pool.begin().await?;
    let mut read_version = step.read_version;
    for (state, event) in &step.versions {
        if !advance(&mut transaction, order, read_version, state, event).await? {
            return Ok(Saved::Changed);
        }
        read_version = state.version;
    }
    match &step.parcel {
        ParcelStep::Plan(parcel) => plan(&mut transaction, order, parcel).await?,
        ParcelStep::Ship(id) => ship(&mut transaction, *id).await?,
        ParcelStep::Deliver(id) => deliver(&mut transaction, *id).await?,
        ParcelStep::Cancel(id) => cancel(&mut transaction, *id).await?,
    }
    transaction.commit().await?;
    Ok(Saved::Written)
}

async fn plan(
    transaction: &mut Transaction,
    order: OrderId,
    parcel: &NewFulfillment,
) -> Result<(), StoreError> {
    let tracking = &parcel.tracking;
    sqlx::query!(
        r#"
        INSERT INTO fulfillments (id, order_id, carrier, tracking_number, tracking_url)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        parcel.id.0,
        order.0,
        tracking.carrier.as_ref().map(Text::as_str),
        tracking.number.as_ref().map(Text::as_str),
        tracking.url.as_ref().map(TrackingUrl::as_str),
    )
    .execute(&mut **transaction)
    .await?;
    let positions: Vec<i16> = parcel
        .lines
        .iter()
        .map(|line| i16::try_from(line.position))
        .collect::<Result<_, _>>()
        .map_err(|_| StoreError::Row("position"))?;
    let skus: Vec<String> = parcel
        .lines
        .iter()
        .map(|line| line.sku.as_str().to_owned())
        .collect();
    let quantities: Vec<i64> = parcel
        .lines
        .iter()
        .map(|line| i64::from(line.quantity.get()))
        .collect();
    sqlx::query!(
        r#"
        INSERT INTO fulfillment_lines (fulfillment_id, position, sku, quantity)
        SELECT $1, position, sku, quantity::integer
        FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS new (position, sku, quantity)
        ORDER BY position
        "#,
        parcel.id.0,
        &positions,
        &skus,
        &quantities,
    )
    .execute(&mut **transaction)
    .await?;
    let done = sqlx::query!(
        r#"
        UPDATE order_items SET allotted = allotted + lines.quantity
        FROM fulfillment_lines AS lines
        WHERE lines.fulfillment_id = $1 AND order_items.order_id = $2 AND order_items.position = lines.position
        "#,
        parcel.id.0,
        order.0,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), parcel.lines.len())
}

async fn ship(transaction: &mut Transaction, id: FulfillmentId) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        UPDATE fulfillments
        SET status = 'shipping', refusal = NULL, attempts = 0, last_error = NULL, due_at = now(), updated_at = now()
        WHERE id = $1 AND status = 'planned'
        "#,
        id.0,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), 1)
}

async fn deliver(transaction: &mut Transaction, id: FulfillmentId) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        UPDATE fulfillments SET status = 'delivered', delivered_at = now(), updated_at = now()
        WHERE id = $1 AND status = 'shipped'
        "#,
        id.0,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), 1)?;
    sqlx::query!(
        r#"
        UPDATE order_items SET delivered = delivered + lines.quantity
        FROM fulfillment_lines AS lines JOIN fulfillments ON fulfillments.id = lines.fulfillment_id
        WHERE lines.fulfillment_id = $1
          AND order_items.order_id = fulfillments.order_id AND order_items.position = lines.position
        "#,
        id.0,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn cancel(transaction: &mut Transaction, id: FulfillmentId) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"UPDATE fulfillments SET status = 'cancelled', updated_at = now() WHERE id = $1 AND status = 'planned'"#,
        id.0,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), 1)?;
    sqlx::query!(
        r#"
        UPDATE order_items SET allotted = allotted - lines.quantity
        FROM fulfillment_lines AS lines JOIN fulfillments ON fulfillments.id = lines.fulfillment_id
        WHERE lines.fulfillment_id = $1
          AND order_items.order_id = fulfillments.order_id AND order_items.position = lines.position
        "#,
        id.0,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Under the order's version everything else is as it was read.
fn touched(rows: u64, expected: usize) -> Result<(), StoreError> {
    if usize::try_from(rows) == Ok(expected) {
        Ok(())
    } else {
        Err(StoreError::Row(
            "a shipment that does not match the version of its order",
        ))
    }
}

async fn units(pool: &Pool, order: OrderId) -> Result<Vec<LineUnits>, StoreError> {
    let rows = sqlx::query_as!(
        UnitsRow,
        r#"
        SELECT allotted, shipped, delivered, returned, short FROM order_items WHERE order_id = $1 ORDER BY position
        "#,
        order.0,
    )
    .fetch_all(pool)
    .await?;
    let count = |units: i32| u32::try_from(units).map_err(|_| StoreError::Row("units"));
    rows.into_iter()
        .map(|row| {
            Ok(LineUnits {
                allotted: count(row.allotted)?,
                shipped: count(row.shipped)?,
                delivered: count(row.delivered)?,
                returned: count(row.returned)?,
                short: count(row.short)?,
            })
        })
        .collect()
}

async fn fulfillments(pool: &Pool, order: OrderId) -> Result<Vec<Fulfillment>, StoreError> {
    let rows = sqlx::query_as!(
        FulfillmentRow,
        r#"
        SELECT id, order_id, status, carrier, tracking_number, tracking_url, refusal, created_at, updated_at, shipped_at,
               delivered_at
        FROM fulfillments WHERE order_id = $1 ORDER BY created_at, id
        "#,
        order.0,
    )
    .fetch_all(pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut lines = lines_of(pool, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            row.into_fulfillment(lines)
        })
        .collect()
}

pub(crate) async fn lines_of(
    pool: &Pool,
    parcels: &[Uuid],
) -> Result<HashMap<Uuid, Vec<ParcelLine>>, StoreError> {
    let lines = sqlx::query!(
        r#"
        SELECT fulfillment_id, position, sku, quantity
        FROM fulfillment_lines WHERE fulfillment_id = ANY ($1) ORDER BY fulfillment_id, position
        "#,
        parcels,
    )
    .fetch_all(pool)
    .await?;
    let mut lines_of: HashMap<Uuid, Vec<ParcelLine>> = HashMap::new();
    for line in lines {
        let read = parcel_line(line.position, line.sku, line.quantity)?;
        lines_of.entry(line.fulfillment_id).or_default().push(read);
    }
    Ok(lines_of)
}

pub(crate) fn parcel_line(
    position: i16,
    sku: String,
    quantity: i32,
) -> Result<ParcelLine, StoreError> {
    let quantity = u32::try_from(quantity).ok();
    Ok(ParcelLine {
        position: usize::try_from(position).map_err(|_| StoreError::Row("position"))?,
        sku: Sku::try_from(sku).map_err(|_| StoreError::Row("sku"))?,
        quantity: quantity
            .and_then(|units| Quantity::try_from(units).ok())
            .ok_or(StoreError::Row("quantity"))?,
    })
}

impl FulfillmentRow {
    fn into_fulfillment(self, lines: Vec<ParcelLine>) -> Result<Fulfillment, StoreError> {
        let text = |text: Option<String>| text.map(Text::stored);
        Ok(Fulfillment {
            id: FulfillmentId(self.id),
            order_id: OrderId(self.order_id),
            state: self
                .status
                .parse()
                .map_err(|_| StoreError::Row("the status of a shipment"))?,
            tracking: Tracking {
                carrier: text(self.carrier),
                number: text(self.tracking_number),
                url: self
                    .tracking_url
                    .and_then(|url| TrackingUrl::try_from(url).ok()),
            },
            lines,
            refusal: self.refusal,
            created_at: self.created_at,
            updated_at: self.updated_at,
            shipped_at: self.shipped_at,
            delivered_at: self.delivered_at,
        })
    }
}
