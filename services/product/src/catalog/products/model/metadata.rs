//! Metadata that a vendor stores with a product: any JSON object of limited size. It is stored and shown as it was sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::json::{FreeObject, FreeObjectError};

const MAX_BYTES: usize = 16 * 1024;
/// Metadata that was stored before numbers were kept as sent may be longer than what was sent; a row with more than this
/// cannot be read.
const MAX_STORED_BYTES: usize = 4 * MAX_BYTES;
/// The largest exponent that a double has.
const MAX_EXPONENT: usize = 308;

/// Any JSON object of at most 16 KiB and 32 levels. Numbers are kept as they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object, example = json!({ "colour": "blue" }))]
pub struct Metadata(FreeObject<MAX_BYTES>);

#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error("metadata must be at most {MAX_BYTES} bytes after the change")]
    TooLarge,
    #[error("metadata {0}")]
    Refused(#[source] FreeObjectError),
    #[error("stored metadata is larger than {MAX_STORED_BYTES} bytes")]
    StoredTooLarge,
}

impl From<FreeObjectError> for MetadataError {
    fn from(error: FreeObjectError) -> Self {
        match error {
            FreeObjectError::TooLarge { .. } => Self::TooLarge,
            error => Self::Refused(error),
        }
    }
}

impl Metadata {
    /// The metadata of a row. Today's rules are not applied: they may be stricter than those of the time when it was written.
    pub fn stored(text: String) -> Result<Self, MetadataError> {
        if text.len() > MAX_STORED_BYTES {
            return Err(MetadataError::StoredTooLarge);
        }
        Ok(Self(FreeObject::from_stored(text)?))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Changed as RFC 7396 specifies: members are merged, and null removes one.
    pub fn merged(&self, patch: &Self) -> Result<Self, MetadataError> {
        Ok(Self(self.0.merged(&patch.0)?))
    }

    /// The metadata for the previous release. Postgres prints every number in full to that release, which reads nothing that
    /// is longer than the limit when printed, nor beyond a double: it gets an object without members instead.
    pub fn before_0008(&self) -> &str {
        let text = self.as_str();
        match printed_in_full(text) {
            Some(length) if length <= MAX_BYTES => text,
            Some(_) | None => "{}",
        }
    }
}

/// The largest length of a JSON text whose numbers are printed without exponents; None: a number is beyond a double.
fn printed_in_full(text: &str) -> Option<usize> {
    let mut length = text.len();
    let (mut in_string, mut escaped) = (false, false);
    let outside = |character: char| {
        let was_inside = in_string;
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else {
            in_string = character == '"';
        }
        if was_inside || in_string {
            ' '
        } else {
            character
        }
    };
    let bare: String = text.chars().map(outside).collect();
    let is_number =
        |token: &&str| token.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let of_number = |character: char| {
        character.is_ascii_digit() || matches!(character, '-' | '+' | '.' | 'e' | 'E')
    };
    for number in bare
        .split(|character| !of_number(character))
        .filter(is_number)
    {
        let exponent = match number.split_once(['e', 'E']) {
            Some((_, exponent)) => exponent.trim_start_matches(['+', '-']).parse().ok()?,
            None => 0,
        };
        if exponent > MAX_EXPONENT || number.len() > MAX_EXPONENT {
            return None;
        }
        length += exponent;
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(text: &str) -> Metadata {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_release_before_is_shown_what_it_can_read() {
        for readable in [
            r#"{"a":[1e19,-2.5E-3,7],"b":"1e999 \"9e9999"}"#,
            "{}",
            r#"{"1e999":true}"#,
        ] {
            assert_eq!(metadata(readable).before_0008(), readable);
        }
        let many = |number: &str| format!("{{\"a\":[{}]}}", vec![number; 900].join(","));
        for unreadable in [many("1e19"), many("1E+300"), r#"{"a":1e-400}"#.to_owned()] {
            let metadata = metadata(&unreadable);
            assert_eq!(
                (metadata.as_str(), metadata.before_0008()),
                (&*unreadable, "{}")
            );
        }
    }

    #[test]
    fn sixteen_kibibytes_are_the_most_that_is_taken_and_more_may_be_stored() {
        let of = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length));
        assert!(serde_json::from_str::<Metadata>(&of(MAX_BYTES - 8)).is_ok());
        assert!(serde_json::from_str::<Metadata>(&of(MAX_BYTES - 7)).is_err());
        let half = |name: &str| metadata(&format!("{{\"{name}\":\"{}\"}}", "x".repeat(9_000)));
        assert!(matches!(
            half("a").merged(&half("b")),
            Err(MetadataError::TooLarge)
        ));
        assert!(Metadata::stored(of(MAX_BYTES)).is_ok());
        assert!(matches!(
            Metadata::stored(of(MAX_STORED_BYTES)),
            Err(MetadataError::StoredTooLarge)
        ));
    }
}
