//! Adds a location.

use clock::Ids;
use db::Pool;
use serde_json::json;

use super::{
    model::{Location, LocationCode},
    postgres as locations,
};
use crate::{
    catalog::products::model::{Admin, Name},
    infrastructure::postgres::audit_outbox,
};

/// None: there is already one with this code.
pub async fn create_location(
    pool: &Pool,
    ids: Ids,
    admin: Option<Admin>,
    (code, name, priority): (&LocationCode, &Name, i16),
) -> Result<Option<Location>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let created = locations::insert(&mut *tx, code, name, priority).await?;
    if created.is_some() {
        let (target, data) = (code.as_str().to_owned(), json!({ "priority": priority }));
        audit_outbox::record(&mut tx, ids, admin, "location.created", target, data).await?;
        tx.commit().await?;
    }
    Ok(created)
}
