//! What a request for a list of products names: filters, a sort, and where the list continues.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Status;

/// Sort order of a product list.
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

/// The sort key of a row, after which the list continues.
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
}

/// Which products are listed. A cursor is valid for one filter.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filter {
    /// Words that sku, name or description contain; at most [`Self::MOST_WORDS`].
    pub words: Vec<String>,
    pub vendor: Option<Uuid>,
    pub status: Option<Status>,
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub in_stock: Option<bool>,
}

impl Filter {
    /// The largest number of words of a search.
    pub const MOST_WORDS: usize = 8;

    /// Patterns of `LIKE`, one for each word.
    pub fn patterns(&self) -> [Option<String>; Self::MOST_WORDS] {
        let escaped = |word: &String| {
            word.replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_")
        };
        let mut patterns = self.words.iter().map(|word| format!("%{}%", escaped(word)));
        std::array::from_fn(|_| patterns.next())
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
        let patterns: Vec<String> = filter.patterns().into_iter().flatten().collect();
        assert_eq!(patterns, ["%a\\_b%", "%100\\%-off%"]);
    }
}
