//! The requests that were carried out, by key (ORDERS 18).

use std::collections::HashMap;

use db::Pool;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{column, failure::StoreError},
    orders::{model::Order, ports::Recorded, postgres::list::by_ids},
    values::{Fingerprint, RequestIdentity},
};

pub(crate) async fn recorded(
    pool: &Pool,
    identities: &[RequestIdentity],
) -> Result<Vec<Option<Recorded>>, StoreError> {
    let principals = column(identities, |identity| identity.principal.0);
    let operations = column(identities, |identity| {
        identity.operation.as_str().to_owned()
    });
    let keys = column(identities, |identity| identity.key.clone());
    let rows = sqlx::query!(
        r#"
        SELECT asked.place AS "place!", keys.fingerprint, keys.order_id
        FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS asked (principal, operation, key, place)
        JOIN idempotency_keys AS keys
          ON keys.principal = asked.principal AND keys.operation = asked.operation AND keys.key = asked.key
        "#,
        &principals,
        &operations,
        &keys,
    )
    .fetch_all(pool)
    .await?;
    let mut recorded = vec![None; identities.len()];
    if rows.is_empty() {
        return Ok(recorded);
    }
    let ids = column(&rows, |row| row.order_id);
    let orders: HashMap<Uuid, Order> = by_ids(pool, &ids)
        .await?
        .into_iter()
        .map(|order| (order.id.0, order))
        .collect();
    for row in rows {
        let place = usize::try_from(row.place - 1).map_err(|_| StoreError::Row("place"))?;
        let order = orders
            .get(&row.order_id)
            .cloned()
            .ok_or(StoreError::Row("the order of a key"))?;
        let fingerprint = row
            .fingerprint
            .try_into()
            .map_err(|_| StoreError::Row("fingerprint"))?;
        recorded[place] = Some(Recorded {
            fingerprint: Fingerprint(fingerprint),
            order,
        });
    }
    Ok(recorded)
}

/// Keys are kept for a day; a bounded number goes at once.
pub(crate) async fn forget_old(pool: &Pool) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        r#"
        DELETE FROM idempotency_keys
        WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '1 day'
            ORDER BY created_at LIMIT 5000 FOR UPDATE SKIP LOCKED
        ))
        "#
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
