//! Returns on their way into product's stock: taken with SKIP LOCKED, written only under the fence they were taken with,
//! orders locked before returns, each in key order (ORDERS 8).

use std::time::Duration;

use db::Pool;
use money::Money;
use uuid::Uuid;

use super::returns::lines_of;
use crate::{
    fulfillment::{
        model::{Movement, MovementOutcome},
        ports::{MovementQueue, QueueError},
    },
    infrastructure::postgres::{
        PgOrders, column,
        failure::{StoreError, retrying},
        leases::{LeftOut, Taken, leased_rows, postpone_unreadable, readable},
        parse,
    },
    orders::postgres::locked_orders::LockedOrders,
    returns::model::ReceivedReturn,
    values::{Leased, OrderId, Postponement},
};

type Answered = (Leased<Uuid, ReceivedReturn>, MovementOutcome);

impl MovementQueue<ReceivedReturn> for PgOrders {
    async fn take(
        &self,
        most: i64,
        lease: Duration,
    ) -> Result<Vec<Leased<Uuid, ReceivedReturn>>, QueueError> {
        let taken = take(&self.intents, most, lease).await?;
        let postpone = |rows: Vec<_>| async move { postpone(&self.intents, &rows).await };
        Ok(readable("return", self.jitter, taken, postpone).await)
    }

    async fn settle(&self, answered: &[Answered]) -> Result<usize, QueueError> {
        let settle = || settle(&self.intents, answered);
        let (settled, left_out) = retrying(self.jitter, settle).await?;
        let postpone = |rows: Vec<_>| async move { postpone(&self.intents, &rows).await };
        postpone_unreadable("order", self.jitter, left_out, postpone).await;
        Ok(settled)
    }

    async fn postpone(&self, postponements: &[Postponement<Uuid>]) -> Result<(), QueueError> {
        Ok(retrying(self.jitter, || postpone(&self.intents, postponements)).await?)
    }
}

leased_rows!("returns", "id", "status = 'receiving'");

async fn take(
    pool: &Pool,
    most: i64,
    lease: Duration,
) -> Result<Vec<Taken<Uuid, ReceivedReturn>>, StoreError> {
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
    let mut lines = lines_of(pool, &column(&rows, |row| row.id)).await?;
    let taken = rows.into_iter().map(|row| {
        let (id, order_id) = (row.id, OrderId(row.order_id));
        let received = lines.take(id).and_then(|lines| {
            let currency = parse("currency", &row.currency)?;
            let movement = Movement {
                id,
                order_id,
                lines,
            };
            let refund = Money::new(row.refund_minor, currency);
            Ok(ReceivedReturn { movement, refund })
        });
        Taken::stored(order_id, id, row.fence, row.attempts, received)
    });
    Ok(taken.collect())
}

/// How many it wrote, and what it left out, whose orders cannot be read.
async fn settle(
    pool: &Pool,
    answered: &[Answered],
) -> Result<(usize, Vec<LeftOut<Uuid>>), StoreError> {
    let mut transaction = pool.begin().await?;
    let order_of = |one: &Leased<Uuid, ReceivedReturn>| one.item.movement.order_id;
    let orders = column(answered, |(one, _)| order_of(one).0);
    let mut orders = LockedOrders::lock(&mut transaction, &orders).await?;
    let leases = column(answered, |(one, _)| one.lease);
    let held = lock_held(&mut transaction, &leases).await?;
    let held = answered
        .iter()
        .filter(|(one, _)| held.contains(&one.lease.id));
    let (settled, left_out) = orders.part(held);
    let (mut ids, mut statuses, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for (one, outcome) in &settled {
        let moved = orders.change(order_of(one), |state| one.item.told(*outcome, state))?;
        ids.push(one.lease.id);
        statuses.push(moved.state.as_str().to_owned());
        refusals.push(moved.refusal.map(|refusal| refusal.as_str().to_owned()));
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
    orders.write(&mut transaction).await?;
    transaction.commit().await?;
    Ok((settled.len(), left_out))
}
