//! Texts of a product and its stock: trimmed, and within their lengths.

use serde::{Deserialize, Serialize};
use text::{is_hidden, is_hidden_in_lines};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be {min} to {max} characters, without control, zero-width or direction characters")]
pub struct TextError {
    min: usize,
    max: usize,
}

macro_rules! texts {
    ($($(#[$docs:meta])* $name:ident: $min:literal..=$max:literal, lines: $lines:literal;)+) => {$(
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
        #[serde(try_from = "String")]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                let text = text.trim();
                let hidden = if $lines { is_hidden_in_lines } else { is_hidden };
                if ($min..=$max).contains(&text.chars().count()) && !text.contains(hidden) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(TextError { min: $min, max: $max })
                }
            }
        }
    )+};
}

texts! {
    /// What a product is called.
    Name: 1..=200, lines: false;
    /// What a product is; may be empty.
    #[derive(Default)]
    Description: 0..=10_000, lines: true;
    /// What a product is filed under.
    Category: 1..=100, lines: false;
    /// Why a count was changed.
    Reason: 1..=200, lines: false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        assert_eq!(Name::try_from("  Mug ".to_owned()).unwrap().as_str(), "Mug");
        assert!(Name::try_from("   ".to_owned()).is_err());
        assert!(
            Name::try_from("ü".repeat(200)).is_ok(),
            "characters count, not bytes"
        );
        assert!(Name::try_from("a".repeat(201)).is_err());
        assert!(Name::try_from("a\nb".to_owned()).is_err());
        for hidden in ["Mug\u{202E}", "M\u{200B}ug", "M\u{2066}ug", "M\u{FEFF}ug"] {
            assert!(Name::try_from(hidden.to_owned()).is_err(), "{hidden:?}");
            assert!(Category::try_from(hidden.to_owned()).is_err(), "{hidden:?}");
            assert!(Reason::try_from(hidden.to_owned()).is_err(), "{hidden:?}");
        }
        assert!(Description::try_from("a\nb".to_owned()).is_ok());
    }
}
