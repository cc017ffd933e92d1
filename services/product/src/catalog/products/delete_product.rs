//! Deletes a product.

use clock::Ids;
use db::Pool;
use serde_json::json;

use super::{
    model::{Owner, ProductId},
    postgres::products,
};
use crate::infrastructure::postgres::audit_outbox;

/// False: the owner has no such product.
pub async fn delete_product(
    pool: &Pool,
    ids: Ids,
    id: ProductId,
    owner: Owner,
) -> Result<bool, sqlx::Error> {
    let mut tx = pool.begin().await?;
    if !products::delete(&mut *tx, id, owner).await? {
        return Ok(false);
    }
    let admin = owner.admin();
    audit_outbox::record(
        &mut tx,
        ids,
        admin,
        "product.deleted",
        id.to_string(),
        json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}
