//! Text that a person wrote: trimmed, not empty, bounded, and without hidden characters.

use serde::Serialize;
pub use text::{Text, TextError};
use text::{bounded, is_hidden_in_lines};

/// What types of text have in common: they are read and shown as their text.
macro_rules! shown {
    ($($name:ident),+) => {$(
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
pub(crate) use shown;

/// A message to the shop: up to 1,000 characters, line breaks allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note(String);

impl Note {
    pub const MAX: usize = 1_000;
}

shown!(Note);

impl TryFrom<String> for Note {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        bounded(&text, Self::MAX, is_hidden_in_lines).map(Self)
    }
}
