//! The `Idempotency-Key` header, and hashes that tell one request from another (ORDERS 1, 18).

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::Response,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterIn},
    },
};

use crate::{Problem, document::header_parameter};
use clock::Ids;

/// As OpenAPI shows it.
pub(crate) const HEADER: &str = "Idempotency-Key";
const MADE_IF_ABSENT: &str = "A unique key for every new request; send the same key to retry a request. Without it the server generates a key, and a repeated request is executed again. A shop may require it.";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that the server made the key, and what follows from that.
const IDEMPOTENCY_NOTICE: HeaderName = HeaderName::from_static("idempotency-notice");
const NOTICE: HeaderValue = HeaderValue::from_static(
    "generated; a request repeated without this Idempotency-Key is executed again",
);

/// The client's key: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?.ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency_key_required",
                "Send an Idempotency-Key header: a unique key for every new request, and the same key when you retry one.",
            )
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        parse(&parts.headers)
    }
}

pub(crate) fn parse(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let printable = |text: &&str| {
        (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    value
        .to_str()
        .ok()
        .filter(printable)
        .map(|text| Some(IdempotencyKey(text.to_owned())))
        .ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency_key_invalid",
                "An Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.",
            )
        })
}

/// Whether clients must send a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyPolicy {
    pub required: bool,
    /// Makes the keys that clients left out.
    pub ids: Ids,
}

/// The key of a request: the client's, or one that is made where the client sent none and none is required. So every
/// rule about keys holds for every request, and the answer says which key it was ([`announce_made_key`]).
#[derive(Clone, Debug)]
pub struct RequestKey(IdempotencyKey);

/// How OpenAPI shows the header where the server makes the key that a client left out.
impl IntoParams for RequestKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![key_parameter(Required::False, MADE_IF_ABSENT)]
    }
}

/// How OpenAPI shows the header where it is required.
impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![key_parameter(
            Required::True,
            "A unique key for every new request; send the same key to retry a request.",
        )]
    }
}

/// How OpenAPI shows the header where a request may do without.
pub struct OptionalKey;

impl IntoParams for OptionalKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![key_parameter(
            Required::False,
            "A unique key for every new request; send the same key to retry a request. Without it a repeated request is executed again.",
        )]
    }
}

fn key_parameter(required: Required, description: &str) -> Parameter {
    header_parameter(HEADER, required, "^[!-~]{1,255}$", description)
}

/// The headers of an answer to a request that takes a key.
pub(crate) fn answer_headers(
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

/// 409: the first request with this key has not been answered yet.
pub fn key_in_use() -> Problem {
    Problem::conflict(
        "idempotency_key_in_use",
        "A request with this Idempotency-Key is in progress. Send it again in a moment to get its response.",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 422: the key came with another request before.
pub fn key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "This Idempotency-Key was used for a different request. Use a new key for a new request.",
    )
}

/// Where a request's extensions keep the key that was made for it.
#[derive(Clone, Default)]
struct MadeKey(Arc<OnceLock<HeaderValue>>);

impl Deref for RequestKey {
    type Target = IdempotencyKey;

    fn deref(&self) -> &IdempotencyKey {
        &self.0
    }
}

impl<S> FromRequestParts<S> for RequestKey
where
    S: Sync,
    KeyPolicy: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let policy = KeyPolicy::from_ref(state);
        if policy.required {
            let key = <IdempotencyKey as FromRequestParts<S>>::from_request_parts(parts, state);
            return key.await.map(Self);
        }
        let sent =
            <IdempotencyKey as OptionalFromRequestParts<S>>::from_request_parts(parts, state);
        if let Some(key) = sent.await? {
            return Ok(Self(key));
        }
        let key = policy.ids.uuid().to_string();
        if let Some(made) = parts.extensions.get::<MadeKey>()
            && let Ok(value) = HeaderValue::try_from(&key)
        {
            // Asked once a request; a second time would not change it.
            let _ = made.0.set(value);
        }
        Ok(Self(IdempotencyKey(key)))
    }
}

/// Tells the client which key was made for its request, whatever the answer: `Idempotency-Key` to repeat it with, and
/// `Idempotency-Notice`. A layer around the routes whose handlers take a [`RequestKey`].
pub async fn announce_made_key(mut request: Request, next: Next) -> Response {
    let made = MadeKey::default();
    request.extensions_mut().insert(made.clone());
    let mut response = next.run(request).await;
    if let Some(key) = made.0.get() {
        let headers = response.headers_mut();
        headers.insert(IDEMPOTENCY_KEY, key.clone());
        headers.insert(IDEMPOTENCY_NOTICE, NOTICE);
    }
    response
}

/// SHA-256 over the parts, each with its length in front, so that no two lists of parts run together.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A fingerprint of what a request asks for: the same key with another one is a mistake of the client.
pub fn fingerprint(request: &impl Serialize) -> Result<[u8; 32], serde_json::Error> {
    Ok(hash(&[&serde_json::to_vec(request)?]))
}
