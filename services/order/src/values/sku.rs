//! The stock-keeping unit: what units are counted by.

use serde::Serialize;

use super::text::shown;

/// `[A-Z0-9._-]{1,64}`, upper-cased on input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sku(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a SKU must be 1 to 64 of the characters A-Z, 0-9, '.', '_' and '-'")]
pub struct SkuError;

shown!(Sku);

impl TryFrom<String> for Sku {
    type Error = SkuError;

    fn try_from(mut text: String) -> Result<Self, SkuError> {
        text.make_ascii_uppercase();
        let allowed = |byte: u8| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
        };
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(SkuError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_upper_cased_and_narrow() {
        assert_eq!(
            Sku::try_from("mug-1.b_2".to_owned()).unwrap().as_str(),
            "MUG-1.B_2"
        );
        for text in ["", "a b", "ü", "a\0", &"A".repeat(65)] {
            assert_eq!(Sku::try_from(text.to_owned()), Err(SkuError), "{text}");
        }
    }
}
