//! The requests that were carried out, by key (ORDERS 18).

use std::{collections::HashMap, sync::Arc};

use db::Pool;
use uuid::Uuid;

use crate::{
    checkout::ports::Recorded,
    infrastructure::postgres::{column, failure::StoreError, tried, typed},
    orders::{model::Order, postgres::list::by_ids},
    values::{Cause, Fingerprint, RequestIdentity},
};

pub(super) async fn recorded(
    pool: &Pool,
    identities: &[&RequestIdentity],
) -> Result<Vec<Option<Result<Recorded, Cause>>>, StoreError> {
    let principals = column(identities, |identity| identity.principal.0);
    let operations = column(identities, |identity| identity.operation.as_str());
    let keys = column(identities, |identity| identity.key.as_str());
    let rows = sqlx::query!(
        r#"
        SELECT asked.place AS "place!", keys.fingerprint, keys.order_id
        FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS asked (principal, operation, key, place)
        JOIN idempotency_keys AS keys
          ON keys.principal = asked.principal AND keys.operation = asked.operation AND keys.key = asked.key
        "#,
        &principals,
        &operations as &[&str],
        &keys as &[&str],
    )
    .fetch_all(pool)
    .await?;
    let mut recorded = vec![None; identities.len()];
    if rows.is_empty() {
        return Ok(recorded);
    }
    let ids = column(&rows, |row| row.order_id);
    let orders: HashMap<Uuid, Result<Order, Cause>> = by_ids(pool, &ids)
        .await?
        .into_iter()
        .map(|order| (order.order_id().0, tried(order)))
        .collect();
    for row in rows {
        let place: usize = typed("place", row.place - 1)?;
        let fingerprint = typed("fingerprint", row.fingerprint)?;
        let absent = || Err(Arc::new(StoreError::row("the order of a key")) as Cause);
        let order = orders.get(&row.order_id).cloned().unwrap_or_else(absent);
        recorded[place] = Some(order.map(|order| Recorded {
            fingerprint: Fingerprint(fingerprint),
            order,
        }));
    }
    Ok(recorded)
}
