//! Sagas in Postgres: taken with SKIP LOCKED, written only under the fence they were taken with (ORDERS 8, 9, 19).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use sqlx::{PgPool, PgTransaction};
use uuid::Uuid;
use web::clock::Clock;

use super::{
    events::{self, EventRow},
    failure::{StoreError, retrying},
    row::state,
};
use crate::{
    domain::{Actor, Backlog, EventType, Lease, OrderId, Postponement, Settled, Settlement, Turn},
    ports::{Sagas, SagasError},
};

#[derive(Clone, Debug)]
pub struct PgSagas {
    pool: PgPool,
    clock: Clock,
}

impl PgSagas {
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self { pool, clock }
    }
}

impl Sagas for PgSagas {
    async fn take(&self, most: i64, lease: Duration) -> Result<Vec<Turn>, SagasError> {
        take(&self.pool, most, lease).await.map_err(sagas_error)
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, SagasError> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        retrying(self.clock, || settle(&self.pool, settlements))
            .await
            .map_err(sagas_error)
    }

    async fn postpone(&self, postponements: &[Postponement]) -> Result<(), SagasError> {
        retrying(self.clock, || postpone(&self.pool, postponements))
            .await
            .map_err(sagas_error)
    }

    async fn backlog(&self) -> Result<Backlog, SagasError> {
        let row = sqlx::query!(
            r#"
            SELECT count(*) AS "unfinished!", count(*) FILTER (WHERE deadline < now()) AS "stuck!"
            FROM sagas WHERE finished_at IS NULL
            "#
        )
        .fetch_one(&self.pool)
        .await
        .map_err(|error| sagas_error(error.into()))?;
        Ok(Backlog {
            unfinished: row.unfinished,
            stuck: row.stuck,
        })
    }

    async fn forget_finished(&self) -> Result<u64, SagasError> {
        let done = sqlx::query!(
            r#"
            DELETE FROM sagas
            WHERE order_id = ANY (ARRAY(
                SELECT order_id FROM sagas WHERE finished_at < now() - interval '7 days' ORDER BY finished_at LIMIT 5000
            ))
            "#
        )
        .execute(&self.pool)
        .await
        .map_err(|error| sagas_error(error.into()))?;
        Ok(done.rows_affected())
    }
}

async fn take(pool: &PgPool, most: i64, lease: Duration) -> Result<Vec<Turn>, StoreError> {
    let rows = sqlx::query!(
        r#"
        WITH due AS MATERIALIZED (
            SELECT order_id FROM sagas
            WHERE finished_at IS NULL AND due_at <= now()
            ORDER BY due_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE sagas
        SET fence = sagas.fence + 1, attempts = sagas.attempts + 1, due_at = now() + make_interval(secs => $2)
        FROM due JOIN orders ON orders.id = due.order_id
        WHERE sagas.order_id = due.order_id
        RETURNING sagas.order_id, sagas.fence, sagas.attempts,
                  orders.status, orders.payment_status, orders.fulfillment_status, orders.cancel_reason, orders.version
        "#,
        most,
        lease.as_secs_f64(),
    )
    .fetch_all(pool)
    .await?;
    let turn = |row: (Uuid, i64, i32), state| Turn {
        lease: Lease {
            order_id: OrderId(row.0),
            fence: row.1,
        },
        attempts: u32::try_from(row.2).unwrap_or(u32::MAX),
        state,
    };
    rows.into_iter()
        .map(|row| {
            let state = state(
                &row.status,
                &row.payment_status,
                &row.fulfillment_status,
                row.cancel_reason.as_deref(),
                row.version,
            )?;
            Ok(turn((row.order_id, row.fence, row.attempts), state))
        })
        .collect()
}

async fn settle(pool: &PgPool, settlements: &[Settlement]) -> Result<Vec<Settled>, StoreError> {
    let leases: Vec<Lease> = settlements
        .iter()
        .map(|settlement| settlement.lease)
        .collect();
    let mut transaction = pool.begin().await?;
    let valid = lock_valid(&mut transaction, &leases).await?;
    let held: Vec<&Settlement> = settlements
        .iter()
        .filter(|one| valid.contains(&one.lease.order_id.0))
        .collect();
    let written = write_orders(&mut transaction, &held).await?;
    let changed: Vec<Uuid> = held
        .iter()
        .map(|settlement| settlement.lease.order_id.0)
        .filter(|id| !written.contains(id))
        .collect();
    let finished: Vec<Uuid> = written.iter().copied().collect();
    sqlx::query!(
        r#"UPDATE sagas SET finished_at = now(), last_error = NULL WHERE order_id = ANY ($1)"#,
        &finished,
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        r#"UPDATE sagas SET due_at = now() WHERE order_id = ANY ($1)"#,
        &changed
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let result = |settlement: &Settlement| {
        let id = settlement.lease.order_id.0;
        if written.contains(&id) {
            Settled::Written
        } else if valid.contains(&id) {
            Settled::OrderChanged
        } else {
            Settled::LeaseLost
        }
    };
    Ok(settlements.iter().map(result).collect())
}

async fn postpone(pool: &PgPool, postponements: &[Postponement]) -> Result<(), StoreError> {
    let leases: Vec<Lease> = postponements
        .iter()
        .map(|postponement| postponement.lease)
        .collect();
    let mut transaction = pool.begin().await?;
    let valid = lock_valid(&mut transaction, &leases).await?;
    let held: Vec<&Postponement> = postponements
        .iter()
        .filter(|one| valid.contains(&one.lease.order_id.0))
        .collect();
    let ids: Vec<Uuid> = held
        .iter()
        .map(|postponement| postponement.lease.order_id.0)
        .collect();
    let pauses: Vec<f64> = held
        .iter()
        .map(|postponement| postponement.pause.as_secs_f64())
        .collect();
    let reasons: Vec<String> = held
        .iter()
        .map(|postponement| postponement.reason.clone())
        .collect();
    sqlx::query!(
        r#"
        UPDATE sagas SET due_at = now() + make_interval(secs => later.pause), last_error = later.reason
        FROM unnest($1::uuid[], $2::float8[], $3::text[]) AS later (order_id, pause, reason)
        WHERE sagas.order_id = later.order_id
        "#,
        &ids,
        &pauses,
        &reasons,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Locks the sagas of these leases, in order, and says which of the leases still hold. A statement of its own:
/// what waited for a lock sees the row as it is now, and the fence is compared with that.
async fn lock_valid(
    transaction: &mut PgTransaction<'_>,
    leases: &[Lease],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = leases.iter().map(|lease| lease.order_id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT order_id, fence, finished_at IS NULL AS "unfinished!"
        FROM sagas WHERE order_id = ANY ($1) ORDER BY order_id FOR UPDATE
        "#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let fences: HashMap<Uuid, i64> = rows
        .into_iter()
        .filter(|row| row.unfinished)
        .map(|row| (row.order_id, row.fence))
        .collect();
    let holds = |lease: &&Lease| fences.get(&lease.order_id.0) == Some(&lease.fence);
    Ok(leases
        .iter()
        .filter(holds)
        .map(|lease| lease.order_id.0)
        .collect())
}

/// Writes the new states of orders that still have the version that was read; which those are.
async fn write_orders(
    transaction: &mut PgTransaction<'_>,
    held: &[&Settlement],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = held
        .iter()
        .map(|settlement| settlement.lease.order_id.0)
        .collect();
    let locked = sqlx::query!(
        r#"SELECT id, version FROM orders WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"#,
        &ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let versions: HashMap<Uuid, i64> = locked
        .into_iter()
        .map(|row| (row.id, row.version))
        .collect();
    let unchanged =
        |one: &&&Settlement| versions.get(&one.lease.order_id.0) == Some(&one.read_version);
    let unchanged: Vec<&Settlement> = held.iter().filter(unchanged).copied().collect();
    // An order that had moved on already only has its saga ended.
    let moved: Vec<&Settlement> = unchanged
        .iter()
        .filter(|one| one.state.version != one.read_version)
        .copied()
        .collect();
    let ids: Vec<Uuid> = moved.iter().map(|one| one.lease.order_id.0).collect();
    let statuses: Vec<String> = moved
        .iter()
        .map(|one| one.state.status.as_str().to_owned())
        .collect();
    let reasons: Vec<Option<String>> = moved
        .iter()
        .map(|one| {
            one.state
                .cancel_reason
                .map(|reason| reason.as_str().to_owned())
        })
        .collect();
    let new_versions: Vec<i64> = moved.iter().map(|one| one.state.version).collect();
    let done = sqlx::query!(
        r#"
        UPDATE orders
        SET status = next.status, cancel_reason = next.cancel_reason, version = next.version, updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS next (id, status, cancel_reason, version)
        WHERE orders.id = next.id
        "#,
        &ids,
        &statuses,
        &reasons as &[Option<String>],
        &new_versions,
    )
    .execute(&mut **transaction)
    .await?;
    if usize::try_from(done.rows_affected()) != Ok(moved.len()) {
        return Err(sqlx::Error::RowNotFound);
    }
    let happened: Vec<EventRow> = moved
        .iter()
        .map(|one| {
            let kind = EventType::of_settling(&one.state);
            EventRow::of(one.lease.order_id, &one.state, kind, Actor::System)
        })
        .collect();
    events::write(transaction, &happened).await?;
    Ok(unchanged
        .into_iter()
        .map(|one| one.lease.order_id.0)
        .collect())
}

fn sagas_error(error: StoreError) -> SagasError {
    SagasError(Arc::new(error))
}
