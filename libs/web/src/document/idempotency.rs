//! `Idempotency-Key` as OpenAPI shows it: the parameter, and the headers of the responses to requests that take it.

use utoipa::openapi::{Required, path::Parameter};

use super::header_parameter;

pub(super) const HEADER: &str = "Idempotency-Key";
const MADE_IF_ABSENT: &str = "A unique key for every new request; send the same key to retry a request. Without it the server generates a key, and a repeated request is executed again. A shop may require it.";

/// What follows if a client sends no key.
#[derive(Clone, Copy, Debug)]
pub enum KeyParameter {
    Required,
    Optional,
    /// The server generates one.
    Generated,
}

impl From<KeyParameter> for Parameter {
    fn from(key: KeyParameter) -> Self {
        let (required, description) = match key {
            KeyParameter::Required => (
                Required::True,
                "A unique key for every new request; send the same key to retry a request.",
            ),
            KeyParameter::Optional => (
                Required::False,
                "A unique key for every new request; send the same key to retry a request. Without it a repeated request is executed again.",
            ),
            KeyParameter::Generated => (Required::False, MADE_IF_ABSENT),
        };
        header_parameter(HEADER, required, "^[!-~]{1,255}$", description)
    }
}

/// The headers of an answer to a request that takes a key.
pub(super) fn answer_headers(
    parameter: &Parameter,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let made = parameter.description.as_deref() == Some(MADE_IF_ABSENT);
    let replayed = (
        "Idempotent-Replayed",
        "`true` on the response to a repeated request.",
    );
    let made = [
        (
            HEADER,
            "The key that the server generated if none was sent; send it when you retry the request.",
        ),
        (
            "Idempotency-Notice",
            "Present only if no Idempotency-Key was sent: a request repeated without the generated key is executed again.",
        ),
    ]
    .into_iter()
    .filter(move |_| made);
    std::iter::once(replayed).chain(made)
}
