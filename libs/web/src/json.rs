//! Untrusted JSON. It is scanned once before it is deserialized, for its syntax, its depth, NUL and the member names
//! that `serde_json` reserves. Then it is read into a type by rules stricter than serde's own: an object where a struct
//! is expected, a string where an enum is.

mod free_object;
mod scan;
mod strict;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_path_to_error::{Path, Segment, Track};

use crate::{FieldError, Problem, problem::INVALID};
pub use free_object::{FreeObject, FreeObjectError};
use strict::Strict;

/// Deepest nesting of a whole body. The stack of a worker holds many times as much.
pub const MAX_DEPTH: usize = 64;

/// Why a text is not a value of the type.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    #[error("not JSON: {0}")]
    Malformed(#[source] serde_json::Error),
    #[error("invalid field: {}", .0.first().map_or("", |error| error.message.as_str()))]
    Invalid(Vec<FieldError>),
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed(error) => Self::new(
                axum::http::StatusCode::BAD_REQUEST,
                "malformed_json",
                format!("The body is not well-formed JSON: {error}."),
            ),
            JsonError::Invalid(errors) => Self::invalid(errors),
        }
    }
}

/// A member of a merge patch (RFC 7396) that is there, null or not; absent ones never come here.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Refuses text that is not JSON, nests too deep, or contains NUL or a member name that `serde_json` reserves.
pub(crate) fn check(text: &[u8]) -> Result<(), JsonError> {
    scan::check(text, MAX_DEPTH)
}

/// Reads a value from untrusted text.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    check(text)?;
    let mut json = serde_json::Deserializer::from_slice(text);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(Strict(&mut json), &mut track);
    // The scan has shown that the text is JSON, so a failure here is a value that does not fit.
    T::deserialize(tracked).map_err(|error| {
        let message = without_position(&error);
        JsonError::Invalid(vec![FieldError::new(
            pointer(&track.path()),
            INVALID,
            message,
        )])
    })
}

/// The message without "at line 1 column 2": the pointer says where.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message
        .rsplit_once(" at line ")
        .map_or(message.clone(), |(text, _)| text.to_owned())
}

/// As RFC 6901 writes it: `/items/0/quantity`.
fn pointer(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut text, &index.to_string()),
            Segment::Map { key } => push(&mut text, key),
            Segment::Enum { variant } => push(&mut text, variant),
            Segment::Unknown => {}
        }
    }
    text
}

fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

#[cfg(test)]
mod tests;
