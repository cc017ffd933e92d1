//! Placing orders in Postgres: a batch is one transaction, each of its statements set-wise and in key order.

mod create;
mod insert;
mod recorded;
mod unpaid_units;

use std::{collections::HashMap, num::NonZeroU32};

use super::{
    model::{NewOrder, OwingUnits},
    ports::{Creation, PlacedOrders, Recorded},
};
use crate::{
    infrastructure::postgres::{PgOrders, column, failure::retrying},
    orders::ports::OrdersError,
    values::{Cause, RequestIdentity, UserId},
};

impl PlacedOrders for PgOrders {
    async fn recorded(
        &self,
        identities: &[&RequestIdentity],
    ) -> Result<Vec<Option<Result<Recorded, Cause>>>, OrdersError> {
        Ok(retrying(self.jitter, || {
            recorded::recorded(&self.placing, identities)
        })
        .await?)
    }

    async fn create(
        &self,
        orders: &[NewOrder],
        most_unpaid_units: Option<NonZeroU32>,
    ) -> Result<Vec<Creation>, OrdersError> {
        Ok(create::create(&self.placing, self.jitter, orders, most_unpaid_units).await?)
    }

    async fn unpaid(&self, customers: &[UserId]) -> Result<HashMap<UserId, u32>, OrdersError> {
        let rows = sqlx::query!(
            r#"
        SELECT user_id, count(*) AS "orders!" FROM orders
        WHERE pay_by IS NOT NULL AND status = 'pending' AND payment_status IN ('unpaid', 'failed')
          AND user_id = ANY ($1)
        GROUP BY user_id
        "#,
            &column(customers, |customer| customer.0),
        )
        .fetch_all(&self.placing)
        .await?;
        let counted = rows.into_iter().map(|row| {
            let orders = u32::try_from(row.orders).unwrap_or(u32::MAX);
            (UserId(row.user_id), orders)
        });
        Ok(counted.collect())
    }

    async fn owing_units(&self, customers: &[UserId]) -> Result<Vec<OwingUnits>, OrdersError> {
        Ok(unpaid_units::owing_units(&self.placing, customers).await?)
    }

    /// A bounded number at once.
    async fn forget_old_keys(&self) -> Result<u64, OrdersError> {
        let done = sqlx::query!(
            r#"
        DELETE FROM idempotency_keys
        WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '1 day'
            ORDER BY created_at LIMIT 5000 FOR UPDATE SKIP LOCKED
        ))
        "#
        )
        .execute(&self.placing)
        .await?;
        Ok(done.rows_affected())
    }
}
