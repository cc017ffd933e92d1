//! Returned goods on their way into product's stock: taken with SKIP LOCKED, written only under the fence they were
//! taken with, orders locked before returns, each in key order (ORDERS 8).

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use clock::Jitter;
use money::Money;
use postgres::{Pool, Transaction};
use uuid::Uuid;

use super::returns::lines_of;
use crate::{
    fulfillment::{
        model::{Parcel, ParcelLease, ParcelOutcome, ParcelTurn},
        ports::ShipmentsError,
        postgres::shipments::{lock_orders, shipments_error, write_orders},
    },
    infrastructure::postgres::failure::{StoreError, retrying},
    orders::{
        model::OrderState,
        postgres::events::{self, EventRow},
    },
    returns::{
        model::ToldReturn,
        ports::{ReturnTurn, ReturnedGoods},
    },
    values::{OrderId, ReturnId},
};

#[derive(Clone, Debug)]
pub struct PgReturnedGoods {
    pool: Pool,
    jitter: Jitter,
}

impl PgReturnedGoods {
    pub fn new(pool: impl Into<Pool>, jitter: Jitter) -> Self {
        Self {
            pool: pool.into(),
            jitter,
        }
    }
}

impl ReturnedGoods for PgReturnedGoods {
    async fn take(&self, most: i64, lease: Duration) -> Result<Vec<ReturnTurn>, ShipmentsError> {
        take(&self.pool, most, lease).await.map_err(shipments_error)
    }

    async fn settle(
        &self,
        answered: &[(ReturnTurn, ParcelOutcome)],
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
        returns: &[(ParcelLease, Duration)],
        reason: &str,
    ) -> Result<(), ShipmentsError> {
        retrying(self.jitter, || postpone(&self.pool, returns, reason))
            .await
            .map_err(shipments_error)
    }
}

async fn take(pool: &Pool, most: i64, lease: Duration) -> Result<Vec<ReturnTurn>, StoreError> {
    let rows = sqlx::query!(
        r#"
        WITH due AS MATERIALIZED (
            SELECT id FROM returns
            WHERE status = 'receiving' AND due_at <= now()
            ORDER BY due_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE returns
        SET fence = returns.fence + 1, attempts = returns.attempts + 1, due_at = now() + make_interval(secs => $2)
        FROM due, orders
        WHERE returns.id = due.id AND orders.id = returns.order_id
        RETURNING returns.id, returns.order_id, returns.fence, returns.attempts, returns.refund_minor, orders.currency
        "#,
        most,
        lease.as_secs_f64(),
    )
    .fetch_all(pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut lines = lines_of(pool, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let currency = row
                .currency
                .parse()
                .map_err(|_| StoreError::Row("currency"))?;
            let lines = lines.remove(&row.id).unwrap_or_default();
            let turn = ParcelTurn {
                lease: ParcelLease {
                    id: row.id,
                    fence: row.fence,
                },
                attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
                parcel: Parcel {
                    id: row.id,
                    order_id: OrderId(row.order_id),
                    lines: lines
                        .into_iter()
                        .map(|line| (line.sku, line.quantity))
                        .collect(),
                },
            };
            Ok(ReturnTurn {
                turn,
                refund: Money::new(row.refund_minor, currency),
            })
        })
        .collect()
}

async fn settle(
    pool: &Pool,
    answered: &[(ReturnTurn, ParcelOutcome)],
) -> Result<usize, StoreError> {
    let mut transaction = pool.begin().await?;
    let orders: Vec<Uuid> = answered
        .iter()
        .map(|(one, _)| one.turn.parcel.order_id.0)
        .collect();
    let mut orders: BTreeMap<Uuid, OrderState> = lock_orders(&mut transaction, &orders).await?;
    let leases: Vec<ParcelLease> = answered.iter().map(|(one, _)| one.turn.lease).collect();
    let valid = lock_valid(&mut transaction, &leases).await?;
    let mut settled: Vec<&(ReturnTurn, ParcelOutcome)> = answered
        .iter()
        .filter(|(one, _)| valid.contains(&one.turn.lease.id))
        .collect();
    settled.sort_by_key(|(one, _)| one.turn.lease.id);
    let (mut ids, mut statuses, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    let (mut happened, mut changed) = (Vec::new(), HashSet::new());
    for (one, outcome) in &settled {
        let order = one.turn.parcel.order_id;
        let state = orders
            .get_mut(&order.0)
            .ok_or(StoreError::Row("the order of a return"))?;
        changed.insert(order.0);
        let id = ReturnId(one.turn.lease.id);
        let told = ToldReturn::of(id, one.refund, *outcome, state);
        happened.push(EventRow::new(order, state, &told.event));
        ids.push(id.0);
        statuses.push(told.state.as_str().to_owned());
        refusals.push(told.refusal.map(|refusal| refusal.as_str().to_owned()));
    }
    sqlx::query!(
        r#"
        UPDATE returns SET status = next.status, refusal = next.refusal, last_error = NULL, updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS next (id, status, refusal)
        WHERE returns.id = next.id
        "#,
        &ids,
        &statuses,
        &refusals as &[Option<String>],
    )
    .execute(&mut *transaction)
    .await?;
    orders.retain(|id, _| changed.contains(id));
    write_orders(&mut transaction, &orders).await?;
    events::write(&mut transaction, &happened).await?;
    transaction.commit().await?;
    Ok(settled.len())
}

async fn postpone(
    pool: &Pool,
    returns: &[(ParcelLease, Duration)],
    reason: &str,
) -> Result<(), StoreError> {
    let leases: Vec<ParcelLease> = returns.iter().map(|(lease, _)| *lease).collect();
    let mut transaction = pool.begin().await?;
    let valid = lock_valid(&mut transaction, &leases).await?;
    let (ids, pauses): (Vec<Uuid>, Vec<f64>) = returns
        .iter()
        .filter(|(lease, _)| valid.contains(&lease.id))
        .map(|(lease, pause)| (lease.id, pause.as_secs_f64()))
        .unzip();
    sqlx::query!(
        r#"
        UPDATE returns SET due_at = now() + make_interval(secs => later.pause), last_error = $3
        FROM unnest($1::uuid[], $2::float8[]) AS later (id, pause)
        WHERE returns.id = later.id
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

/// Locks the returns of these leases, in order, and says which of the leases still hold.
async fn lock_valid(
    transaction: &mut Transaction,
    leases: &[ParcelLease],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = leases.iter().map(|lease| lease.id).collect();
    let rows = sqlx::query!(
        r#"
        SELECT id, fence, status = 'receiving' AS "under_way!"
        FROM returns WHERE id = ANY ($1) ORDER BY id FOR UPDATE
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
