//! Parcels on their way to product: taken with SKIP LOCKED, written only under the fence they were taken with.
//! Orders are locked before their parcels, as by every step of a parcel, each in key order (ORDERS 8).

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use clock::Jitter;
use postgres::{Pool, Transaction};
use uuid::Uuid;

use super::dispatch::lines_of;
use crate::{
    fulfillment::{
        model::{Parcel, ParcelLease, ParcelLine, ParcelOutcome, ParcelTurn},
        ports::{Shipments, ShipmentsError},
    },
    infrastructure::postgres::failure::{StoreError, retrying},
    orders::{
        model::OrderState,
        postgres::{
            events::{self, EventRow},
            row::state,
        },
    },
    values::{FulfillmentId, OrderId},
};

#[derive(Clone, Debug)]
pub struct PgShipments {
    pool: Pool,
    jitter: Jitter,
}

impl PgShipments {
    pub fn new(pool: impl Into<Pool>, jitter: Jitter) -> Self {
        Self {
            pool: pool.into(),
            jitter,
        }
    }
}

impl Shipments for PgShipments {
    async fn take(&self, most: i64, lease: Duration) -> Result<Vec<ParcelTurn>, ShipmentsError> {
        take(&self.pool, most, lease).await.map_err(shipments_error)
    }

    async fn settle(
        &self,
        answered: &[(ParcelTurn, ParcelOutcome)],
    ) -> Result<usize, ShipmentsError> {
        if answered.is_empty() {
            return Ok(0);
        }
        retrying(self.jitter, || settle(&self.pool, answered))
            .await
            .map_err(shipments_error)
    }

    async fn postpone(
        &self,
        parcels: &[(ParcelLease, Duration)],
        reason: &str,
    ) -> Result<(), ShipmentsError> {
        retrying(self.jitter, || postpone(&self.pool, parcels, reason))
            .await
            .map_err(shipments_error)
    }
}

async fn take(pool: &Pool, most: i64, lease: Duration) -> Result<Vec<ParcelTurn>, StoreError> {
    let rows = sqlx::query!(
        r#"
        WITH due AS MATERIALIZED (
            SELECT id FROM fulfillments
            WHERE status = 'shipping' AND due_at <= now()
            ORDER BY due_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE fulfillments
        SET fence = fence + 1, attempts = attempts + 1, due_at = now() + make_interval(secs => $2)
        FROM due
        WHERE fulfillments.id = due.id
        RETURNING fulfillments.id, fulfillments.order_id, fulfillments.fence, fulfillments.attempts
        "#,
        most,
        lease.as_secs_f64(),
    )
    .fetch_all(pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut lines = lines_of(pool, &ids).await?;
    let turn = |id, order_id, fence, attempts, lines: Vec<ParcelLine>| ParcelTurn {
        lease: ParcelLease { id, fence },
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        parcel: Parcel {
            id,
            order_id: OrderId(order_id),
            lines: lines
                .into_iter()
                .map(|line| (line.sku, line.quantity))
                .collect(),
        },
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            turn(row.id, row.order_id, row.fence, row.attempts, lines)
        })
        .collect())
}

async fn settle(
    pool: &Pool,
    answered: &[(ParcelTurn, ParcelOutcome)],
) -> Result<usize, StoreError> {
    let mut transaction = pool.begin().await?;
    let orders: Vec<Uuid> = answered
        .iter()
        .map(|(turn, _)| turn.parcel.order_id.0)
        .collect();
    let mut orders = lock_orders(&mut transaction, &orders).await?;
    let leases: Vec<ParcelLease> = answered.iter().map(|(turn, _)| turn.lease).collect();
    let valid = lock_valid(&mut transaction, &leases).await?;
    let mut settled: Vec<&(ParcelTurn, ParcelOutcome)> = answered
        .iter()
        .filter(|(turn, _)| valid.contains(&turn.lease.id))
        .collect();
    settled.sort_by_key(|(turn, _)| turn.lease.id);
    let mut shipped = Vec::new();
    let (mut refused, mut refusals) = (Vec::new(), Vec::new());
    for (turn, outcome) in &settled {
        match outcome {
            ParcelOutcome::Done => shipped.push(turn.lease.id),
            ParcelOutcome::Refused(refusal) => {
                refused.push(turn.lease.id);
                refusals.push(refusal.as_str().to_owned());
            }
        }
    }
    write_parcels(&mut transaction, &shipped, &refused, &refusals).await?;
    let progress = units_of(&mut transaction, &orders).await?;
    let mut happened = Vec::new();
    for (turn, outcome) in &settled {
        let id = turn.parcel.order_id;
        let state = orders
            .get_mut(&id.0)
            .ok_or(StoreError::Row("the order of a shipment"))?;
        let units = progress.get(&id.0).cloned().unwrap_or_default();
        let event = outcome.of_shipping(FulfillmentId(turn.lease.id), state, units);
        happened.push(EventRow::new(id, state, &event));
    }
    let changed: HashSet<Uuid> = settled
        .iter()
        .map(|(turn, _)| turn.parcel.order_id.0)
        .collect();
    orders.retain(|id, _| changed.contains(id));
    write_orders(&mut transaction, &orders).await?;
    events::write(&mut transaction, &happened).await?;
    transaction.commit().await?;
    Ok(settled.len())
}

async fn postpone(
    pool: &Pool,
    parcels: &[(ParcelLease, Duration)],
    reason: &str,
) -> Result<(), StoreError> {
    let leases: Vec<ParcelLease> = parcels.iter().map(|(lease, _)| *lease).collect();
    let mut transaction = pool.begin().await?;
    let valid = lock_valid(&mut transaction, &leases).await?;
    let (ids, pauses): (Vec<Uuid>, Vec<f64>) = parcels
        .iter()
        .filter(|(lease, _)| valid.contains(&lease.id))
        .map(|(lease, pause)| (lease.id, pause.as_secs_f64()))
        .unzip();
    sqlx::query!(
        r#"
        UPDATE fulfillments SET due_at = now() + make_interval(secs => later.pause), last_error = $3
        FROM unnest($1::uuid[], $2::float8[]) AS later (id, pause)
        WHERE fulfillments.id = later.id
        "#,
        &ids,
        &pauses,
        reason,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

pub(crate) async fn lock_orders(
    transaction: &mut Transaction,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, OrderState>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT id, status, payment_status, fulfillment_status, cancel_reason, version
        FROM orders WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
        "#,
        ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = state(
                &row.status,
                &row.payment_status,
                &row.fulfillment_status,
                row.cancel_reason.as_deref(),
                row.version,
            )?;
            Ok((row.id, state))
        })
        .collect()
}

/// Locks the parcels of these leases, in order, and says which of the leases still hold.
async fn lock_valid(
    transaction: &mut Transaction,
    leases: &[ParcelLease],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = leases.iter().map(|lease| lease.id).collect();
    let rows = sqlx::query!(
        r#"
        SELECT id, fence, status = 'shipping' AS "under_way!"
        FROM fulfillments WHERE id = ANY ($1) ORDER BY id FOR UPDATE
        "#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let fences: HashMap<Uuid, i64> = rows
        .into_iter()
        .filter(|row| row.under_way)
        .map(|row| (row.id, row.fence))
        .collect();
    let holds = |lease: &&ParcelLease| fences.get(&lease.id) == Some(&lease.fence);
    Ok(leases.iter().filter(holds).map(|lease| lease.id).collect())
}

async fn write_parcels(
    transaction: &mut Transaction,
    shipped: &[Uuid],
    refused: &[Uuid],
    refusals: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        UPDATE fulfillments SET status = 'shipped', shipped_at = now(), last_error = NULL, updated_at = now()
        WHERE id = ANY ($1)
        "#,
        shipped,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        r#"
        UPDATE fulfillments SET status = 'planned', refusal = no.refusal, last_error = NULL, updated_at = now()
        FROM unnest($1::uuid[], $2::text[]) AS no (id, refusal)
        WHERE fulfillments.id = no.id
        "#,
        refused,
        refusals,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        r#"
        UPDATE order_items SET shipped = shipped + gone.quantity
        FROM (
            SELECT fulfillments.order_id, lines.position, sum(lines.quantity)::integer AS quantity
            FROM fulfillment_lines AS lines JOIN fulfillments ON fulfillments.id = lines.fulfillment_id
            WHERE lines.fulfillment_id = ANY ($1)
            GROUP BY fulfillments.order_id, lines.position
        ) AS gone
        WHERE order_items.order_id = gone.order_id AND order_items.position = gone.position
        "#,
        shipped,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Units to be shipped and shipped of each line of these orders.
async fn units_of(
    transaction: &mut Transaction,
    orders: &BTreeMap<Uuid, OrderState>,
) -> Result<HashMap<Uuid, Vec<(u32, u32)>>, StoreError> {
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    let rows = sqlx::query!(
        r#"SELECT order_id, quantity - short AS "owed!", shipped FROM order_items WHERE order_id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut units: HashMap<Uuid, Vec<(u32, u32)>> = HashMap::new();
    let count = |units: i32| u32::try_from(units).map_err(|_| StoreError::Row("units"));
    for row in rows {
        let line = (count(row.owed)?, count(row.shipped)?);
        units.entry(row.order_id).or_default().push(line);
    }
    Ok(units)
}

pub(crate) async fn write_orders(
    transaction: &mut Transaction,
    orders: &BTreeMap<Uuid, OrderState>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = orders.keys().copied().collect();
    let statuses: Vec<String> = orders
        .values()
        .map(|state| state.fulfillment.as_str().to_owned())
        .collect();
    let versions: Vec<i64> = orders.values().map(|state| state.version).collect();
    let done = sqlx::query!(
        r#"
        UPDATE orders SET fulfillment_status = next.fulfillment_status, version = next.version, updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS next (id, fulfillment_status, version)
        WHERE orders.id = next.id
        "#,
        &ids,
        &statuses,
        &versions,
    )
    .execute(&mut **transaction)
    .await?;
    if usize::try_from(done.rows_affected()) == Ok(ids.len()) {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

pub(crate) fn shipments_error(error: StoreError) -> ShipmentsError {
    ShipmentsError(Arc::new(error))
}
