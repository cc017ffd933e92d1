//! The names by which a product is requested.

use super::{Product, ProductId, Slug};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProductName {
    Id(ProductId),
    Slug(Slug),
}

impl ProductName {
    /// None: no product has such a name.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse()
            .map(Self::Id)
            .ok()
            .or_else(|| Slug::try_from(text.to_owned()).map(Self::Slug).ok())
    }

    pub fn is_of(&self, product: &Product) -> bool {
        match self {
            Self::Id(id) => *id == product.id,
            Self::Slug(slug) => *slug == product.slug,
        }
    }
}
