//! Sagas in Postgres: taken with SKIP LOCKED, written only under the fence of their lease (ORDERS 8, 9, 19).

use std::{sync::Arc, time::Duration};

use clock::Jitter;
use db::{
    Pool, Transaction,
    readable::{Attempt, Time, Unreadable},
};

use super::{facts, settle};
use crate::{
    fail_point::{FailPoint, reach},
    infrastructure::postgres::{
        decoded,
        failure::{StoreError, on_demand, retrying},
        leases::{Taken, leased_rows, readable},
    },
    orders::{model::Hold, postgres::row::stored_state},
    saga::{
        model::{
            Backlog, Facts, Lease, PayWindow, Postponement, Queue, Settled, Settlement, Step, Turn,
        },
        ports::{Sagas, SagasError},
    },
    values::OrderId,
};

#[derive(Clone, Debug)]
pub struct PgSagas {
    pool: Pool,
    jitter: Jitter,
}

impl PgSagas {
    pub fn new(pool: impl Into<Pool>, jitter: Jitter) -> Self {
        Self {
            pool: pool.into(),
            jitter,
        }
    }
}

impl Sagas for PgSagas {
    async fn take(
        &self,
        queue: Queue,
        most: usize,
        lease: Duration,
    ) -> Result<Vec<Turn>, SagasError> {
        let taken = take(&self.pool, queue, most, lease).await?;
        let postpone = |rows: Vec<_>| async move { postpone(&self.pool, &rows).await };
        Ok(readable("saga", self.jitter, taken, postpone).await)
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, SagasError> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        Ok(retrying(self.jitter, || settle(&self.pool, settlements)).await?)
    }

    async fn postpone(&self, postponements: &[Postponement]) -> Result<(), SagasError> {
        Ok(retrying(self.jitter, || postpone(&self.pool, postponements)).await?)
    }

    async fn reopen_unsettled(&self) -> Result<u64, SagasError> {
        Ok(reopen_unsettled(&self.pool).await?)
    }

    async fn backlog(&self) -> Result<Backlog, SagasError> {
        Ok(sqlx::query_as!(
            Backlog,
            r#"
            SELECT count(*) AS "unfinished!", count(*) FILTER (WHERE is_stuck(sagas)) AS "stuck!"
            FROM sagas WHERE finished_at IS NULL
            "#
        )
        .fetch_one(&self.pool)
        .await?)
    }

    async fn forget_finished(&self) -> Result<u64, SagasError> {
        let done = sqlx::query!(
            r#"
            DELETE FROM sagas
            WHERE order_id = ANY (ARRAY(
                SELECT order_id FROM sagas WHERE finished_at < now() - interval '7 days'
                ORDER BY finished_at LIMIT 5000 FOR UPDATE SKIP LOCKED
            ))
            "#
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}

impl<E: Into<StoreError>> From<E> for SagasError {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

/// Seconds until the deadline of a saga that is woken or reopened: after it, an unfinished saga counts as stuck.
const DEADLINE_SECONDS: f64 = 120.0;

/// Makes an order's saga due and locks it, the first step of any change of the order; false: there is no such order.
pub(crate) async fn wake(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<bool, sqlx::Error> {
    let woken = sqlx::query!(
        r#"
        INSERT INTO sagas (order_id, step, deadline)
        SELECT id, 'write', now() + make_interval(secs => $2) FROM orders WHERE id = $1
        ON CONFLICT (order_id) DO UPDATE
        SET step = 'write', finished_at = NULL, due_at = now(), attempts = 0, progressed_at = now(),
            deadline = greatest(sagas.deadline, EXCLUDED.deadline)
        "#,
        order.0,
        DEADLINE_SECONDS,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(woken.rows_affected() == 1)
}

/// Locks an order's saga and leaves it as it is; false: there is none.
pub(crate) async fn lock(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query_scalar!(
        r#"SELECT order_id FROM sagas WHERE order_id = $1 FOR NO KEY UPDATE"#,
        order.0,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    Ok(locked.is_some())
}

leased_rows!("sagas", "order_id", "finished_at IS NULL");

async fn take(
    pool: &Pool,
    queue: Queue,
    most: usize,
    lease: Duration,
) -> Result<Vec<Taken<OrderId, Facts>>, StoreError> {
    reach(FailPoint::BeforeTake).await.map_err(on_demand)?;
    // Any other step belongs to the stock queue, including an unknown step of another release.
    let money_steps: Vec<String> = Step::ALL
        .iter()
        .filter(|step| step.queue() == Queue::Money)
        .map(|step| step.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"
        WITH due AS MATERIALIZED (
            SELECT order_id FROM sagas
            WHERE finished_at IS NULL AND due_at <= now()
              AND (step = ANY ($4)) = $3
            ORDER BY due_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE sagas
        SET fence = sagas.fence + 1, attempts = sagas.attempts + 1, due_at = now() + make_interval(secs => $2)
        FROM due JOIN orders ON orders.id = due.order_id
        WHERE sagas.order_id = due.order_id
        RETURNING sagas.order_id, sagas.fence, sagas.attempts, sagas.hold_until IS NOT NULL AS "extended!",
                  orders.status, orders.payment_status, orders.fulfillment_status, orders.cancel_reason, orders.version,
                  orders.hold, orders.cancel_requested_at IS NOT NULL AS "cancel_requested!",
                  orders.pay_by AS "pay_by: Attempt<Time>",
                  CASE WHEN isfinite(orders.pay_by) THEN EXTRACT(epoch FROM orders.pay_by - now()) ELSE 0 END::float8
                      AS "seconds_left!",
                  orders.shortfall_minor - orders.shortfall_refunded_minor AS "shortfall_minor!"
        "#,
        i64::try_from(most).unwrap_or(i64::MAX),
        lease.as_secs_f64(),
        queue == Queue::Money,
        &money_steps,
    )
    .fetch_all(pool)
    .await?;
    reach(FailPoint::AfterTake).await.map_err(on_demand)?;
    let taken = rows.into_iter().map(|row| {
        let facts = stored_state!(row).and_then(|state| {
            let pay_by = decoded("pay_by", row.pay_by)?;
            Ok(Facts {
                hold: Hold::of_row(&row.hold, &state).map_err(|_| Unreadable("hold".into()))?,
                state,
                extended: row.extended,
                cancel_requested: row.cancel_requested,
                shortfall_minor: row.shortfall_minor,
                ..Facts::placed(PayWindow::of(pay_by, row.seconds_left))
            })
        });
        let order = OrderId(row.order_id);
        Taken::stored(order, order, row.fence, row.attempts, facts)
    });
    let mut taken: Vec<Taken<OrderId, Facts>> = taken.collect();
    // Orders with nothing to pay are known by now: they cost no further statement.
    facts::add_payments(pool, &mut taken).await?;
    facts::add_shipments(pool, &mut taken).await?;
    Ok(taken)
}

async fn settle(pool: &Pool, settlements: &[Settlement]) -> Result<Vec<Settled>, StoreError> {
    let leases: Vec<Lease> = settlements
        .iter()
        .map(|settlement| settlement.lease)
        .collect();
    let mut transaction = pool.begin().await?;
    let held = lock_held(&mut transaction, &leases).await?;
    let settled: Vec<&Settlement> = settlements
        .iter()
        .filter(|one| held.contains(&one.lease.id.0))
        .collect();
    let written = settle::write(&mut transaction, &settled).await?;
    reach(FailPoint::BeforeSagaCommit)
        .await
        .map_err(on_demand)?;
    transaction.commit().await?;
    reach(FailPoint::AfterSagaCommit).await.map_err(on_demand)?;
    let result = |settlement: &Settlement| {
        let id = settlement.lease.id.0;
        if written.contains(&id) {
            Settled::Written
        } else if held.contains(&id) {
            Settled::OrderChanged
        } else {
            Settled::LeaseLost
        }
    };
    Ok(settlements.iter().map(result).collect())
}

async fn reopen_unsettled(pool: &Pool) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        WITH wanting AS MATERIALIZED (
            SELECT id FROM orders
            WHERE cancel_requested_at IS NOT NULL AND status IN ('pending', 'confirmed', 'completed')
            UNION ALL
            SELECT id FROM orders
            WHERE pay_by IS NOT NULL AND pay_by < now() AND status IN ('pending', 'confirmed')
              AND payment_status IN ('unpaid', 'failed') AND fulfillment_status IN ('unfulfilled', 'partial')
            UNION ALL
            SELECT id FROM orders
            WHERE status = 'cancelled' AND payment_status IN ('authorized', 'paid', 'partially_refunded')
              AND NOT EXISTS (SELECT FROM payments JOIN refunds ON refunds.payment_id = payments.id
                              WHERE payments.order_id = orders.id AND refunds.cause = 'cancelled')
            UNION ALL
            SELECT order_id FROM payments
            WHERE status = 'pending' OR (status = 'authorized' AND decision IS NOT NULL) OR refund_pending_minor > 0
        ), ended AS MATERIALIZED (
            -- In key order, like all locks of sagas; by key alone (ORDERS 8, 13).
            SELECT order_id FROM sagas
            WHERE order_id IN (SELECT id FROM wanting) AND COALESCE(finished_at, 'infinity') < 'infinity'
            ORDER BY order_id LIMIT 1000
            FOR UPDATE
        )
        UPDATE sagas
        SET finished_at = NULL, attempts = 0, due_at = now(), step = 'write', progressed_at = now(),
            deadline = greatest(deadline, now() + make_interval(secs => $1))
        FROM ended WHERE sagas.order_id = ended.order_id
        "#,
        DEADLINE_SECONDS,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
