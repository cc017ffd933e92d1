//! Products as orders see them.

use db::Transaction;
use uuid::Uuid;

use crate::stock::reservations::model::Offer;

/// What orders name, by id or by SKU; hidden and deleted ones too.
pub async fn named(
    tx: &mut Transaction,
    ids: &[Uuid],
    skus: &[&str],
) -> Result<Vec<Offer>, sqlx::Error> {
    sqlx::query_as!(
        Offer,
        r#"SELECT id AS product_id, vendor_id, sku AS "sku: _", name AS "name: _", price_minor,
               (status = 'active' AND deleted_at IS NULL) AS "orderable!"
           FROM products WHERE id = ANY ($1) OR sku = ANY ($2)"#,
        ids,
        skus as _,
    )
    .fetch_all(&mut **tx)
    .await
}
