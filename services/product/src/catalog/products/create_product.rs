//! Putting a product up for sale, with its first units.

use clock::Ids;
use postgres::{Pool, Transaction};
use uuid::Uuid;

use super::{
    model::{
        Category, Description, Metadata, Name, Product, ProductId, Sku, Slug, Status, VendorId,
    },
    postgres::products,
};
use crate::{
    idempotency::{Answer, Claim, Once, keys},
    infrastructure::postgres::readable::{Row, Unreadable},
    stock::inventory::{
        model::{DEFAULT_LOCATION, Movement, MovementKind},
        postgres::{inventory, movements},
    },
};

#[derive(Clone, Debug)]
pub struct NewProduct {
    pub vendor_id: VendorId,
    pub sku: Sku,
    /// Made from the name where absent.
    pub slug: Option<Slug>,
    pub name: Name,
    pub description: Description,
    pub price_minor: i64,
    pub category: Option<Category>,
    pub metadata: Metadata,
    pub status: Status,
    pub on_hand: i64,
}

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
        match postgres::constraint(&error) {
            Some("products_sku_unique") => Self::SkuTaken,
            Some("products_slug_unique") => Self::SlugTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

/// Keeps the product, its stock, the movement of its first units and the answer, in one transaction.
pub async fn create_product(
    pool: &Pool,
    ids: Ids,
    new: &NewProduct,
    once: Option<&Once>,
    answer: impl Fn(Product) -> Result<Answer, serde_json::Error> + Send,
) -> Result<Answer, CreateProductError> {
    let id = ids.uuid();
    let mut tx = pool.begin().await?;
    if let Some(once) = once {
        match keys::claim(&mut tx, once).await? {
            Claim::Fresh => {}
            Claim::Answered(answer) => return Ok(answer),
            Claim::OfAnotherRequest => return Err(CreateProductError::KeyOfAnotherRequest),
        }
    }
    insert_with_free_slug(&mut tx, id, new).await?;
    inventory::open(&mut tx, &new.sku, DEFAULT_LOCATION, new.on_hand).await?;
    if new.on_hand > 0 {
        let movement = Movement {
            id: ids.uuid(),
            sku: new.sku.clone(),
            location: DEFAULT_LOCATION.to_owned(),
            kind: MovementKind::Initial,
            delta: new.on_hand,
            on_hand_after: new.on_hand,
            reason: None,
            actor: Some(once.map_or(new.vendor_id.0, |once| once.principal)),
        };
        movements::add(&mut tx, &movement).await?;
    }
    let product = products::by_id(&mut *tx, ProductId(id)).await?;
    let product = product.ok_or(CreateProductError::Database(sqlx::Error::RowNotFound))?;
    let answer = answer(product.read()?)?;
    if let Some(once) = once {
        keys::keep(&mut tx, once, &answer).await?;
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
