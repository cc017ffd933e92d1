//! Products, one at a time. Lookups by key do not say `deleted_at IS NULL`, which the indexes of lists share: where
//! statistics say that few products are not deleted, such an index looks cheaper than the key (ORDERS 13). Slugs are unique
//! only among those.

use db::{Transaction, readable::readable_ones};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::{product_row::ProductRow, select_products};
use crate::catalog::products::model::{
    Category, NewProduct, Owner, Product, ProductId, Slug, Status,
};

pub async fn by_id(
    db: impl PgExecutor<'_>,
    id: ProductId,
) -> Result<Option<ProductRow>, sqlx::Error> {
    select_products!(
        ["WHERE p.id = $1 AND COALESCE(p.deleted_at, 'infinity') = 'infinity'"],
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Those of these ids or slugs that can be read, in no order.
pub async fn by_names(
    db: impl PgExecutor<'_>,
    ids: &[Uuid],
    slugs: &[&str],
) -> Result<Vec<Product>, sqlx::Error> {
    let rows = select_products!(
        [
            "WHERE (p.id = ANY ($1) AND COALESCE(p.deleted_at, 'infinity') = 'infinity')
             OR (p.slug = ANY ($2) AND p.deleted_at IS NULL)"
        ],
        ids,
        slugs as _,
    )
    .fetch_all(db)
    .await?;
    Ok(readable_ones(rows))
}

/// False: another product has the slug, and nothing was inserted.
pub async fn insert(
    tx: &mut Transaction,
    id: Uuid,
    new: &NewProduct,
    slug: &Slug,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO products (id, vendor_id, sku, slug, name, description, price_minor, category, metadata, metadata_as_sent, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10::text::json, $11)
         ON CONFLICT (slug) WHERE deleted_at IS NULL DO NOTHING",
        id,
        new.vendor_id.0,
        new.sku.as_str(),
        slug.as_str(),
        new.name.as_str(),
        new.description.as_str(),
        new.price_minor,
        new.category.as_ref().map(Category::as_str),
        new.metadata.before_0008(),
        new.metadata.as_str(),
        new.status as Status,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Replaces what a client may edit, if the product still has the version that was read; otherwise false.
pub async fn replace(db: impl PgExecutor<'_>, product: &Product) -> Result<bool, sqlx::Error> {
    let replaced = sqlx::query!(
        "UPDATE products SET slug = $3, name = $4, description = $5, price_minor = $6, category = $7,
             metadata = $8::text::jsonb, metadata_as_sent = $9::text::json, status = $10, version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2 AND COALESCE(deleted_at, 'infinity') = 'infinity'",
        product.id.0,
        product.version,
        product.slug.as_str(),
        product.name.as_str(),
        product.description.as_str(),
        product.price_minor,
        product.category.as_ref().map(Category::as_str),
        product.metadata.before_0008(),
        product.metadata.as_str(),
        product.status as Status,
    )
    .execute(db)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Sets the status if it differs. False: the owner has no such product.
pub async fn set_status(
    db: impl PgExecutor<'_>,
    id: ProductId,
    owner: Owner,
    status: Status,
) -> Result<bool, sqlx::Error> {
    let found = sqlx::query!(
        "UPDATE products SET status = $3,
             version = CASE WHEN status = $3 THEN version ELSE version + 1 END,
             updated_at = CASE WHEN status = $3 THEN updated_at ELSE now() END
         WHERE id = $1 AND ($2::uuid IS NULL OR vendor_id = $2) AND COALESCE(deleted_at, 'infinity') = 'infinity'",
        id.0,
        owner.vendor(),
        status as Status,
    )
    .execute(db)
    .await?;
    Ok(found.rows_affected() == 1)
}

/// Deletes the product; its SKU, stock and movements stay. False: the owner has no such product.
pub async fn delete(
    db: impl PgExecutor<'_>,
    id: ProductId,
    owner: Owner,
) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query!(
        "UPDATE products SET status = 'disabled', version = version + 1, updated_at = now(), deleted_at = now()
         WHERE id = $1 AND ($2::uuid IS NULL OR vendor_id = $2) AND COALESCE(deleted_at, 'infinity') = 'infinity'",
        id.0,
        owner.vendor(),
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() == 1)
}
