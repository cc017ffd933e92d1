//! What a customer writes with an order, and the shop with a payment.

use serde::Serialize;

use super::{TextError, text::bounded};

/// A message to the shop: up to 1,000 characters, line breaks allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note(String);

impl Note {
    pub const MAX: usize = 1_000;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Note {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        bounded(&text, Self::MAX, ::text::is_hidden_in_lines).map(Self)
    }
}
