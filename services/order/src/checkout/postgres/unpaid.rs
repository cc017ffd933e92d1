//! Orders that wait for their payment, counted by customer (ORDERS 15).

use std::collections::HashMap;

use db::Pool;
use uuid::Uuid;

use crate::values::UserId;

pub(crate) async fn unpaid(
    pool: &Pool,
    customers: &[UserId],
) -> Result<HashMap<UserId, u32>, sqlx::Error> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT user_id, count(*) AS "orders!" FROM orders
        WHERE pay_by IS NOT NULL AND status = 'pending' AND payment_status IN ('unpaid', 'failed')
          AND user_id = ANY ($1)
        GROUP BY user_id
        "#,
        &ids,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                UserId(row.user_id),
                u32::try_from(row.orders).unwrap_or(u32::MAX),
            )
        })
        .collect())
}
