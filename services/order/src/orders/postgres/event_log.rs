//! Publishing: events get their numbers here, by the worker that holds their partition (ORDERS 26).
//! A number drawn when an event is written would be passed by readers while its transaction is still open.

use std::{collections::HashMap, time::Duration};

use clock::Jitter;
use db::Pool;

use crate::{
    infrastructure::postgres::failure::{StoreError, retrying},
    orders::{
        model::{PartitionLease, Published},
        ports::{EventLog, OrdersError},
    },
};

#[derive(Clone, Debug)]
pub struct PgEventLog {
    pool: Pool,
    jitter: Jitter,
}

impl PgEventLog {
    pub fn new(pool: impl Into<Pool>, jitter: Jitter) -> Self {
        Self {
            pool: pool.into(),
            jitter,
        }
    }
}

impl EventLog for PgEventLog {
    async fn take(&self, most: i64, lease: Duration) -> Result<Vec<PartitionLease>, OrdersError> {
        Ok(sqlx::query_as!(
            PartitionLease,
            r#"
        WITH free AS MATERIALIZED (
            SELECT partition FROM event_partitions
            WHERE leased_until < now()
              AND partition IN (SELECT partition FROM unpublished_events)
            ORDER BY partition
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        )
        UPDATE event_partitions
        SET fence = fence + 1, leased_until = now() + make_interval(secs => $2)
        FROM free
        WHERE event_partitions.partition = free.partition
        RETURNING event_partitions.partition AS id, event_partitions.fence
        "#,
            most,
            lease.as_secs_f64(),
        )
        .fetch_all(&self.pool)
        .await?)
    }

    async fn publish(
        &self,
        leases: &[PartitionLease],
        most: i64,
    ) -> Result<Published, OrdersError> {
        Ok(retrying(self.jitter, || publish(&self.pool, leases, most)).await?)
    }

    async fn unpublished(&self) -> Result<i64, OrdersError> {
        let waiting = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM unpublished_events"#);
        Ok(waiting.fetch_one(&self.pool).await?)
    }

    async fn fill_gaps(&self, within: Duration) -> Result<u64, OrdersError> {
        // It may read a day of orders.
        let mut transaction = self.pool.begin_long(Duration::from_secs(30)).await?;
        let filled = sqlx::query!(
            r#"
        INSERT INTO order_events (order_id, version, event_type, actor, actor_id, occurred_at, data)
        SELECT orders.id, missing.version,
               CASE WHEN missing.version = 1 THEN 'order.created'
                    WHEN orders.status = 'cancelled' AND missing.version = orders.version THEN 'order.shortfall'
                    ELSE 'order.confirmed' END,
               CASE WHEN missing.version = 1 THEN 'customer' ELSE 'system' END,
               CASE WHEN missing.version = 1 THEN orders.user_id END,
               CASE WHEN missing.version = 1 THEN orders.created_at ELSE orders.updated_at END,
               CASE WHEN missing.version = 1
                    THEN jsonb_build_object('status', 'pending', 'payment_status', 'unpaid', 'fulfillment_status', 'unfulfilled',
                                            'user_id', orders.user_id, 'currency', orders.currency, 'total_minor', orders.total_minor)
                    ELSE jsonb_strip_nulls(jsonb_build_object(
                        'status', orders.status, 'payment_status', orders.payment_status,
                        'fulfillment_status', orders.fulfillment_status, 'cancel_reason', orders.cancel_reason))
               END
        FROM orders CROSS JOIN LATERAL generate_series(1, orders.version) AS missing (version)
        WHERE orders.created_at > now() - make_interval(secs => $1)
          AND NOT EXISTS (
              SELECT FROM order_events WHERE order_id = orders.id AND order_events.version = missing.version
          )
        ORDER BY orders.id, missing.version
        LIMIT 10000
        ON CONFLICT (order_id, version) DO NOTHING
        "#,
            within.as_secs_f64(),
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(filled.rows_affected())
    }
}

async fn publish(
    pool: &Pool,
    leases: &[PartitionLease],
    most: i64,
) -> Result<Published, StoreError> {
    let partitions: Vec<i16> = leases.iter().map(|lease| lease.id).collect();
    let fences: Vec<i64> = leases.iter().map(|lease| lease.fence).collect();
    let mut transaction = pool.begin().await?;
    // A statement of its own: the next one sees what the previous holder of the lock has numbered.
    let held = sqlx::query_scalar!(
        r#"
        SELECT partition FROM event_partitions
        WHERE (partition, fence) IN (SELECT * FROM unnest($1::smallint[], $2::bigint[]))
        ORDER BY partition
        FOR UPDATE
        "#,
        &partitions,
        &fences,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let published = sqlx::query_scalar!(
        r#"
        WITH next AS (
            DELETE FROM unpublished_events WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM unpublished_events WHERE partition = ANY ($1) ORDER BY order_id, version LIMIT $2
            ))
            RETURNING partition, order_id, version
        )
        INSERT INTO published_events (partition, sequence, order_id, version)
        SELECT held.partition, held.last_sequence + row_number() OVER (
                   PARTITION BY held.partition ORDER BY next.order_id, next.version
               ), next.order_id, next.version
        FROM next JOIN event_partitions AS held ON held.partition = next.partition
        RETURNING partition
        "#,
        &held,
        most,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut counts: HashMap<i16, i64> = HashMap::new();
    for partition in &published {
        *counts.entry(*partition).or_default() += 1;
    }
    let numbered: Vec<i64> = held
        .iter()
        .map(|partition| counts.get(partition).copied().unwrap_or(0))
        .collect();
    sqlx::query!(
        r#"
        UPDATE event_partitions SET last_sequence = last_sequence + done.events, leased_until = now()
        FROM unnest($1::smallint[], $2::bigint[]) AS done (partition, events)
        WHERE event_partitions.partition = done.partition
        "#,
        &held,
        &numbered,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Published {
        events: published.len(),
        more: i64::try_from(published.len()) == Ok(most),
    })
}
