//! Stock-keeping units: a vendor's name of a product, and the key of its stock.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const MAX_LENGTH: usize = 64;

/// 1 to 64 of `A-Z 0-9 . _ -`; lower case becomes upper case.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema,
)]
#[serde(try_from = "String")]
#[sqlx(transparent)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,64}$", example = "MUG-BLUE-350")]
pub struct Sku(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a SKU must be 1 to 64 letters A-Z, digits, dots, underscores and hyphens")]
pub struct SkuError;

impl Sku {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sku {
    type Error = SkuError;

    fn try_from(mut text: String) -> Result<Self, SkuError> {
        let fits = (1..=MAX_LENGTH).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        text.make_ascii_uppercase();
        if fits { Ok(Self(text)) } else { Err(SkuError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_upper_cased_and_strangers_refused() {
        assert_eq!(
            Sku::try_from("mug-blue_3.5".to_owned()).unwrap().as_str(),
            "MUG-BLUE_3.5"
        );
        for text in ["", " A", "A B", "Ü", "A\0", &"A".repeat(65)] {
            assert_eq!(Sku::try_from(text.to_owned()), Err(SkuError), "{text:?}");
        }
    }
}
