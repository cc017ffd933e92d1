//! Fulfillments on their way to product: taken with SKIP LOCKED, written only under the fence they were taken with.
//! Orders are locked before their fulfillments, as by every step of one, each in key order (ORDERS 8).

use std::{collections::HashMap, time::Duration};

use db::{Pool, Transaction};
use uuid::Uuid;

use super::fulfillments::lines_of;
use crate::{
    fulfillment::{
        model::{Movement, MovementOutcome},
        ports::{MovementQueue, QueueError},
    },
    infrastructure::postgres::{
        PgOrders, column,
        failure::{StoreError, retrying},
        leases::{LeftOut, Taken, leased_rows, postpone_unreadable, readable},
    },
    orders::postgres::locked_orders::LockedOrders,
    values::{FulfillmentId, Leased, OrderId, Postponement},
};

type Answered = (Leased<Uuid, Movement>, MovementOutcome);

impl MovementQueue<Movement> for PgOrders {
    async fn take(
        &self,
        most: i64,
        lease: Duration,
    ) -> Result<Vec<Leased<Uuid, Movement>>, QueueError> {
        let taken = take(&self.intents, most, lease).await?;
        let postpone = |rows: Vec<_>| async move { postpone(&self.intents, &rows).await };
        Ok(readable("fulfillment", self.jitter, taken, postpone).await)
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

leased_rows!("fulfillments", "id", "status = 'shipping'");

async fn take(
    pool: &Pool,
    most: i64,
    lease: Duration,
) -> Result<Vec<Taken<Uuid, Movement>>, StoreError> {
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
    let mut lines = lines_of(pool, &column(&rows, |row| row.id)).await?;
    let taken = rows.into_iter().map(|row| {
        let (id, order_id) = (row.id, OrderId(row.order_id));
        let movement = lines.take(id).map(|lines| Movement {
            id,
            order_id,
            lines,
        });
        Taken::stored(order_id, id, row.fence, row.attempts, movement)
    });
    Ok(taken.collect())
}

/// How many it wrote, and what it left out, whose orders cannot be read.
async fn settle(
    pool: &Pool,
    answered: &[Answered],
) -> Result<(usize, Vec<LeftOut<Uuid>>), StoreError> {
    let mut transaction = pool.begin().await?;
    let orders = column(answered, |(one, _)| one.item.order_id.0);
    let mut orders = LockedOrders::lock(&mut transaction, &orders).await?;
    let leases = column(answered, |(one, _)| one.lease);
    let held = lock_held(&mut transaction, &leases).await?;
    let held = answered
        .iter()
        .filter(|(one, _)| held.contains(&one.lease.id));
    let (settled, left_out) = orders.part(held);
    let gone = settled
        .iter()
        .filter(|(_, outcome)| *outcome == MovementOutcome::Done);
    let gone: Vec<Uuid> = gone.map(|(one, _)| one.lease.id).collect();
    count_shipped(&mut transaction, &gone).await?;
    let units = units_of(&mut transaction, &orders.ids()).await?;
    let (mut ids, mut statuses, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for (one, outcome) in &settled {
        let (id, order) = (one.lease.id, one.item.order_id);
        let units = units.get(&order.0).into_iter().flatten().copied();
        let moved = orders.change(order, |state| {
            outcome.of_shipping(FulfillmentId(id), state, units)
        })?;
        ids.push(id);
        statuses.push(moved.state.as_str().to_owned());
        refusals.push(moved.refusal.map(|refusal| refusal.as_str().to_owned()));
    }
    sqlx::query!(
        r#"
        UPDATE fulfillments
        SET status = next.status, refusal = next.refusal, last_error = NULL, updated_at = now(),
            shipped_at = CASE WHEN next.status = 'shipped' THEN now() END
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS next (id, status, refusal)
        WHERE fulfillments.id = next.id
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

async fn count_shipped(transaction: &mut Transaction, gone: &[Uuid]) -> Result<(), sqlx::Error> {
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
        gone,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Units to be shipped and shipped of each line of these orders.
async fn units_of(
    transaction: &mut Transaction,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, Vec<(u32, u32)>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT order_id, quantity - short AS "owed!", shipped FROM order_items WHERE order_id = ANY ($1)"#,
        orders,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut units: HashMap<Uuid, Vec<(u32, u32)>> = HashMap::new();
    for row in rows {
        // Constraints keep them from being negative.
        let count = |units: i32| u32::try_from(units).unwrap_or_default();
        let line = (count(row.owed), count(row.shipped));
        units.entry(row.order_id).or_default().push(line);
    }
    Ok(units)
}
