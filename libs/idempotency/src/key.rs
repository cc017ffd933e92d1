//! The `Idempotency-Key` header, and whether a client must send it (ORDERS 18).

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, request::Parts},
    middleware::Next,
    response::Response,
};
use clock::Ids;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use web::{Problem, document::KeyParameter};

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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(&parts.headers)?.ok_or_else(required)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        parse(&parts.headers)
    }
}

fn parse(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
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

fn required() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "idempotency_key_required",
        "Send an Idempotency-Key header: a unique key for every new request, and the same key when you retry one.",
    )
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
        vec![KeyParameter::Generated.into()]
    }
}

/// How OpenAPI shows the header where it is required.
impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![KeyParameter::Required.into()]
    }
}

/// How OpenAPI shows the header where a request may do without.
pub struct OptionalKey;

impl IntoParams for OptionalKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![KeyParameter::Optional.into()]
    }
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
        if let Some(key) = parse(&parts.headers)? {
            return Ok(Self(key));
        }
        if policy.required {
            return Err(required());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_ends_the_process() {
        web::fuzzing::drive("headers", |bytes| {
            for line in bytes.split(|byte| *byte == b'\n').take(16) {
                if let Ok(value) = HeaderValue::from_bytes(line) {
                    let _ = parse(&HeaderMap::from_iter([(IDEMPOTENCY_KEY, value)]));
                }
            }
        });
    }
}
