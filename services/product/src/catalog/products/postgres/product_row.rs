//! A product as its row came from the database.

use std::fmt::Display;

use crate::{
    catalog::products::model::{
        Category, Description, Metadata, Name, Position, Product, ProductId, Sku, Slug, Sort,
        Status, VendorId,
    },
    infrastructure::postgres::readable::{Attempt, Row, Time, Tried, Unreadable},
};

#[derive(Clone, Debug)]
pub struct ProductRow {
    pub id: ProductId,
    pub vendor_id: VendorId,
    pub sku: Sku,
    pub slug: Slug,
    pub name: Name,
    pub description: Description,
    pub price_minor: i64,
    pub category: Option<Category>,
    /// JSON, as it was sent.
    pub metadata: String,
    pub status: Attempt<Status>,
    pub version: i64,
    pub created_at: Attempt<Time>,
    pub updated_at: Attempt<Time>,
    pub on_hand: i64,
    pub held: i64,
    pub allocated: i64,
    pub warehouse: String,
}

impl ProductRow {
    /// Where a list with this sort goes on behind the row; None: that cannot be read.
    pub fn position(&self, sort: Sort) -> Option<Position> {
        let id = self.id.0;
        Some(match sort {
            Sort::Newest | Sort::Oldest => Position::Age(self.created_at.get()?.0, id),
            Sort::Cheapest | Sort::Dearest => Position::Price(self.price_minor, id),
            Sort::Name => Position::Name(self.name.as_str().to_owned(), id),
        })
    }
}

impl Row for ProductRow {
    type Read = Product;

    const KIND: &'static str = "product";

    fn id(&self) -> impl Display + use<> {
        self.id.0
    }

    fn read(self) -> Result<Product, Unreadable> {
        Ok(Product {
            id: self.id,
            vendor_id: self.vendor_id,
            sku: self.sku,
            slug: self.slug,
            name: self.name,
            description: self.description,
            price_minor: self.price_minor,
            category: self.category,
            metadata: Metadata::stored(self.metadata)
                .map_err(|error| Unreadable(error.to_string()))?,
            status: self.status.read()?,
            version: self.version,
            created_at: self.created_at.read()?,
            updated_at: self.updated_at.read()?,
            on_hand: self.on_hand,
            held: self.held,
            allocated: self.allocated,
            warehouse: self.warehouse,
        })
    }
}
