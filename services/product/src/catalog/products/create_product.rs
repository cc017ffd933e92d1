//! Creates a product with its first units.

use clock::Ids;
use db::{
    Pool, Transaction,
    readable::{Row, Unreadable},
};
use idempotency::{Answer, Claim, Once};
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Admin, NewProduct, Product, ProductId, Slug},
    postgres::products,
};
use crate::{
    infrastructure::postgres::{audit_outbox, idempotency_keys},
    stock::inventory::keep_first_units,
};

#[derive(Debug, thiserror::Error)]
pub enum CreateProductError {
    #[error("another product has this sku")]
    SkuTaken,
    #[error("another product has this slug")]
    SlugTaken,
    #[error("the key was used for a different request")]
    KeyOfAnotherRequest,
    #[error("cannot read the product back")]
    Unreadable(#[from] Unreadable),
    #[error("cannot serialize the response")]
    Answer(#[from] serde_json::Error),
    #[error("cannot store the product")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for CreateProductError {
    fn from(error: sqlx::Error) -> Self {
        match db::constraint(&error) {
            Some("products_sku_unique") => Self::SkuTaken,
            Some("products_slug_unique") => Self::SlugTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

/// Stores the product, its stock, the movement of its first units and the response, in one transaction.
pub async fn create_product(
    pool: &Pool,
    ids: Ids,
    new: &NewProduct,
    admin: Option<Admin>,
    once: Option<&Once>,
    answer: impl Fn(Product) -> Result<Answer, serde_json::Error> + Send,
) -> Result<Answer, CreateProductError> {
    let id = ids.uuid();
    let mut tx = pool.begin().await?;
    if let Some(once) = once {
        match idempotency_keys::claim(&mut tx, once).await? {
            Claim::Fresh => {}
            Claim::Answered(answer) => return Ok(answer),
            Claim::OfAnotherRequest => return Err(CreateProductError::KeyOfAnotherRequest),
        }
    }
    insert_with_free_slug(&mut tx, id, new).await?;
    let actor = once.map_or(new.vendor_id.0, |once| once.principal);
    keep_first_units(&mut tx, ids, &new.sku, new.on_hand, actor).await?;
    let product = products::by_id(&mut *tx, ProductId(id)).await?;
    let product = product.ok_or(CreateProductError::Database(sqlx::Error::RowNotFound))?;
    let data = json!({ "sku": new.sku.as_str(), "on_hand": new.on_hand });
    let target = ProductId(id).to_string();
    audit_outbox::record(&mut tx, ids, admin, "product.created", target, data).await?;
    let answer = answer(product.read()?)?;
    if let Some(once) = once {
        idempotency_keys::keep(&mut tx, once, &answer).await?;
    }
    tx.commit().await?;
    Ok(answer)
}

async fn insert_with_free_slug(
    tx: &mut Transaction,
    id: Uuid,
    new: &NewProduct,
) -> Result<(), CreateProductError> {
    let candidates = match &new.slug {
        Some(slug) => vec![slug.clone()],
        None => Slug::candidates(new.name.as_str(), &new.sku, id),
    };
    for slug in &candidates {
        if products::insert(tx, id, new, slug).await? {
            return Ok(());
        }
    }
    Err(CreateProductError::SlugTaken)
}
