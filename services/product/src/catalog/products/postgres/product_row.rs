//! A product as its row came from the database.

use db::readable::{Attempt, Time, Tried, Unreadable, row};

use crate::catalog::products::model::{
    Category, Description, Metadata, Name, Position, Product, ProductId, Sku, Slug, Sort, Status,
    VendorId,
};

row!(
    ProductRow, "product", id.0 => Product
    {
        id: ProductId, vendor_id: VendorId, sku: Sku, slug: Slug, name: Name, description: Description,
        price_minor: i64, category: Option<Category>, version: i64, on_hand: i64, held: i64, allocated: i64,
        warehouse: String,
    }
    {
        metadata: String, status: Attempt<Status>, created_at: Attempt<Time>, updated_at: Attempt<Time>,
    }
);

/// JSON, as it was sent.
impl Tried<Metadata> for String {
    fn read(self) -> Result<Metadata, Unreadable> {
        Metadata::stored(self).map_err(|error| Unreadable(error.to_string().into()))
    }
}

impl ProductRow {
    /// Where a list with this sort continues after the row; None: the value cannot be read.
    pub fn position(&self, sort: Sort) -> Option<Position> {
        let id = self.id.0;
        Some(match sort {
            Sort::Newest | Sort::Oldest => Position::Age(self.created_at.get()?.0, id),
            Sort::Cheapest | Sort::Dearest => Position::Price(self.price_minor, id),
            Sort::Name => Position::Name(self.name.as_str().to_owned(), id),
        })
    }
}
