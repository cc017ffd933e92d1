//! Slugs: the readable address of a product. None looks like an id or like a route beside it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Sku;

const MAX_LENGTH: usize = 100;
/// Static segments beside a product's address, today's and those the API has promised.
const RESERVED: [&str; 15] = [
    "category",
    "categories",
    "disable",
    "docs",
    "enable",
    "export",
    "health",
    "images",
    "import",
    "new",
    "related",
    "search",
    "suggest",
    "variants",
    "version",
];

/// Words of `a-z 0-9` with single hyphens between them, at most 100 characters; not a UUID and not a reserved word.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(try_from = "String")]
#[sqlx(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 100, example = "blue-mug")]
pub struct Slug(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SlugError {
    #[error("a slug must be words of a-z and 0-9 joined by single hyphens, at most 100 characters")]
    Form,
    #[error("the slug is reserved; choose another")]
    Reserved,
    #[error("a slug must not look like an id")]
    LooksLikeId,
}

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Slugs for a product that came without one, in the order to try them; the last is unique.
    pub fn candidates(name: &str, sku: &Sku, id: Uuid) -> Vec<Self> {
        let (name, sku) = (words(name), words(sku.as_str()));
        let unique = format!("product-{}", id.simple());
        [name.clone(), format!("{name}-{sku}"), unique]
            .into_iter()
            .filter_map(|text| Self::try_from(text).ok())
            .collect()
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        if text.len() > MAX_LENGTH || !is_hyphenated(&text) {
            return Err(SlugError::Form);
        }
        if RESERVED.contains(&text.as_str()) {
            return Err(SlugError::Reserved);
        }
        if Uuid::try_parse(&text).is_ok() {
            return Err(SlugError::LooksLikeId);
        }
        Ok(Self(text))
    }
}

/// Whether a text is words of `a-z 0-9` with single hyphens between them.
pub fn is_hyphenated(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.split('-')
        .all(|word| !word.is_empty() && word.bytes().all(allowed))
}

/// The words of a text, hyphenated; short enough that two of them make a slug.
fn words(text: &str) -> String {
    let lower = text.to_lowercase();
    let parts = lower
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty());
    let mut slug = String::new();
    for part in parts {
        let room = (MAX_LENGTH / 2 - 1).saturating_sub(slug.len() + 1);
        if room == 0 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&part[..part.len().min(room)]);
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Result<Slug, SlugError> {
        Slug::try_from(text.to_owned())
    }

    #[test]
    fn a_slug_is_neither_a_route_nor_an_id() {
        assert!(slug("blue-mug-2").is_ok());
        for text in [
            "",
            "-",
            "Blue",
            "a--b",
            "a-",
            "a_b",
            "prd_1",
            "ü",
            &"a".repeat(101),
        ] {
            assert_eq!(slug(text), Err(SlugError::Form), "{text:?}");
        }
        assert_eq!(slug("search"), Err(SlugError::Reserved));
        for id in [
            "01932c5e-7d2a-7c3e-9f00-0242ac120002",
            "01932c5e7d2a7c3e9f000242ac120002",
        ] {
            assert_eq!(slug(id), Err(SlugError::LooksLikeId));
        }
    }

    #[test]
    fn a_name_becomes_a_slug_and_a_taken_one_has_successors() {
        let sku = Sku::try_from("M.1".to_owned()).unwrap();
        let candidates = |name: &str| {
            Slug::candidates(name, &sku, Uuid::nil())
                .into_iter()
                .map(|slug| slug.0)
                .collect::<Vec<_>>()
        };
        let last = format!("product-{}", Uuid::nil().simple());
        assert_eq!(
            candidates("Blue Mug (350 ml)!"),
            [
                "blue-mug-350-ml".into(),
                "blue-mug-350-ml-m-1".into(),
                last.clone()
            ]
        );
        assert_eq!(candidates("Search"), ["search-m-1".into(), last.clone()]);
        assert_eq!(candidates("茶碗"), [last], "no letter of a-z: the id it is");
        assert_eq!(candidates(&"long ".repeat(40)).len(), 3);
        assert_eq!(candidates(&"x".repeat(200)).len(), 3);
    }
}
