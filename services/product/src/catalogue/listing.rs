//! What a list of products is asked for: filters, a sort, and where to go on.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Product, Status};

/// Each has an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Sort {
    #[default]
    #[serde(rename = "-created_at")]
    Newest,
    #[serde(rename = "created_at")]
    Oldest,
    #[serde(rename = "price")]
    Cheapest,
    #[serde(rename = "-price")]
    Dearest,
    #[serde(rename = "name")]
    Name,
}

/// The sort key of a row: the list goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    Age(DateTime<Utc>, Uuid),
    Price(i64, Uuid),
    Name(String, Uuid),
}

impl Sort {
    /// Before every row, so that the first page asks the same question as the others.
    pub fn start(self) -> Position {
        let century = TimeDelta::days(36_525);
        match self {
            Self::Newest => Position::Age(DateTime::UNIX_EPOCH + century * 10, Uuid::max()),
            Self::Oldest => Position::Age(DateTime::UNIX_EPOCH, Uuid::nil()),
            Self::Cheapest => Position::Price(i64::MIN, Uuid::nil()),
            Self::Dearest => Position::Price(i64::MAX, Uuid::max()),
            Self::Name => Position::Name(String::new(), Uuid::nil()),
        }
    }

    pub fn position(self, product: &Product) -> Position {
        match self {
            Self::Newest | Self::Oldest => Position::Age(product.created_at, product.id.0),
            Self::Cheapest | Self::Dearest => Position::Price(product.price_minor, product.id.0),
            Self::Name => Position::Name(product.name.as_str().to_owned(), product.id.0),
        }
    }
}

/// What a product must be to be listed. A cursor belongs to one of these.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Words that sku, name or description contain.
    pub words: Vec<String>,
    pub vendor: Option<Uuid>,
    pub status: Option<Status>,
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub in_stock: Option<bool>,
}

impl Filter {
    /// Patterns of `LIKE` for the words, the longest first: that one is looked up in the index.
    pub fn patterns(&self) -> Vec<String> {
        let mut words = self.words.clone();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        let escaped = |word: String| {
            word.replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_")
        };
        words
            .into_iter()
            .map(|word| format!("%{}%", escaped(word)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_searched_as_they_stand() {
        let filter = Filter {
            words: vec!["a_b".into(), "100%-off".into()],
            ..Filter::default()
        };
        assert_eq!(filter.patterns(), ["%100\\%-off%", "%a\\_b%"]);
    }
}
