//! Changes what describes a product. Its SKU never changes, since stock and orders refer to it.

use clock::Ids;
use db::{
    Pool,
    readable::{Row, Unreadable},
};
use serde_json::json;
use web::conditional::{ETag, IfMatch};

use super::{
    model::{
        Category, Description, Metadata, MetadataError, Name, Owner, Product, ProductId, Slug,
        Status,
    },
    postgres::{product_row::ProductRow, products},
};
use crate::infrastructure::postgres::audit_outbox;

/// How often a change that may overwrite any version is tried while others come between.
const MOST_TRIES: u32 = 10;

/// Fields that are None stay as they are.
#[derive(Clone, Debug, Default)]
pub struct ProductChange {
    pub name: Option<Name>,
    pub slug: Option<Slug>,
    pub description: Option<Description>,
    pub price_minor: Option<i64>,
    pub category: Option<Option<Category>>,
    /// A merge patch; null removes all metadata.
    pub metadata: Option<Option<Metadata>>,
    pub status: Option<Status>,
}

impl ProductChange {
    /// The names of the fields that the client sends.
    fn fields(&self) -> Vec<&'static str> {
        let Self {
            name,
            slug,
            description,
            price_minor,
            category,
            metadata,
            status,
        } = self;
        let sent = [
            ("name", name.is_some()),
            ("slug", slug.is_some()),
            ("description", description.is_some()),
            ("price", price_minor.is_some()),
            ("category", category.is_some()),
            ("metadata", metadata.is_some()),
            ("status", status.is_some()),
        ];
        let sent = sent.into_iter().filter(|(_, is_sent)| *is_sent);
        sent.map(|(field, _)| field).collect()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateProductError {
    #[error("no such product of this owner")]
    NotFound,
    #[error("the product has changed since it was read")]
    Stale,
    #[error("another product has this slug")]
    SlugTaken,
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error("cannot read the product back")]
    Unreadable(#[from] Unreadable),
    #[error("cannot store the change")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for UpdateProductError {
    fn from(error: sqlx::Error) -> Self {
        match db::constraint(&error) {
            Some("products_slug_unique") => Self::SlugTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

impl Product {
    fn change(&mut self, change: &ProductChange) -> Result<(), UpdateProductError> {
        let ProductChange {
            name,
            slug,
            description,
            price_minor,
            category,
            metadata,
            status,
        } = change.clone();
        self.name = name.unwrap_or_else(|| self.name.clone());
        self.slug = slug.unwrap_or_else(|| self.slug.clone());
        self.description = description.unwrap_or_else(|| self.description.clone());
        self.price_minor = price_minor.unwrap_or(self.price_minor);
        self.category = category.unwrap_or_else(|| self.category.clone());
        self.status = status.unwrap_or(self.status);
        self.metadata = match metadata {
            None => self.metadata.clone(),
            Some(None) => Metadata::default(),
            Some(Some(patch)) => self.metadata.merged(&patch)?,
        };
        Ok(())
    }
}

/// Compare and set: a change in between is detected, and `if_match` decides what follows. What was written is read back
/// before the commit.
pub async fn update_product(
    pool: &Pool,
    ids: Ids,
    id: ProductId,
    owner: Owner,
    if_match: &IfMatch,
    change: &ProductChange,
) -> Result<Product, UpdateProductError> {
    for _ in 0..MOST_TRIES {
        let mut tx = pool.begin().await?;
        let mut row = products::by_id(&mut *tx, id)
            .await?
            .filter(|row| {
                owner
                    .vendor()
                    .is_none_or(|vendor| vendor == row.vendor_id.0)
            })
            .ok_or(UpdateProductError::NotFound)?;
        if_match
            .check(ETag(row.version))
            .map_err(|_| UpdateProductError::Stale)?;
        if change.metadata == Some(None) {
            // The old value is not read, so that a product whose metadata cannot be read can be repaired.
            Metadata::default().as_str().clone_into(&mut row.metadata);
        }
        let mut product = row.read()?;
        product.change(change)?;
        if products::replace(&mut *tx, &product).await? {
            let written = read_back(products::by_id(&mut *tx, id).await?)?;
            let data = json!({ "fields": change.fields() });
            let admin = owner.admin();
            let target = id.to_string();
            audit_outbox::record(&mut tx, ids, admin, "product.updated", target, data).await?;
            tx.commit().await?;
            return Ok(written);
        }
    }
    Err(UpdateProductError::Stale)
}

/// Shows or hides a product; one that already has this status stays as it is.
pub async fn set_status(
    pool: &Pool,
    ids: Ids,
    id: ProductId,
    owner: Owner,
    status: Status,
) -> Result<Product, UpdateProductError> {
    let mut tx = pool.begin().await?;
    if !products::set_status(&mut *tx, id, owner, status).await? {
        return Err(UpdateProductError::NotFound);
    }
    let product = read_back(products::by_id(&mut *tx, id).await?)?;
    let action = match status {
        Status::Draft => "product.withdrawn",
        Status::Active => "product.enabled",
        Status::Disabled => "product.disabled",
    };
    let admin = owner.admin();
    audit_outbox::record(&mut tx, ids, admin, action, id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(product)
}

fn read_back(row: Option<ProductRow>) -> Result<Product, UpdateProductError> {
    Ok(row.ok_or(UpdateProductError::NotFound)?.read()?)
}
