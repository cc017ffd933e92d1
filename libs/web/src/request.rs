//! Extractors that answer bad input with the right problem: 400, 404, 413, 415 or 422, never a 5xx.

use axum::{
    body::HttpBody,
    extract::{FromRequest, FromRequestParts, OptionalFromRequest, Path, Query, Request},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
};
use garde::Validate;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::{FieldError, Problem, body::Refused, json, problem::INVALID};

/// A JSON body that parses and keeps its type's rules. Types deny unknown fields.
pub struct ValidJson<T>(pub T);

impl<S, T> FromRequest<S> for ValidJson<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let JsonBody(value) = JsonBody::<T>::from_request(request, state).await?;
        value
            .validate()
            .map_err(|report| Problem::invalid(broken_rules(&report)))?;
        Ok(Self(value))
    }
}

/// `None`: the request has no body.
impl<S, T> OptionalFromRequest<S> for ValidJson<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

/// A JSON body that parses, by the rules of [`json`].
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send JSON, with Content-Type: application/json.",
            ));
        }
        let WholeBody(body) = WholeBody::from_request(request, state).await?;
        Ok(Self(json::from_slice(&body)?))
    }
}

/// The bytes of a body as they were sent.
pub struct WholeBody(pub Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for WholeBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let mut body = request.into_body();
        let mut kept = Vec::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(unreadable)?.into_data() {
                kept.extend_from_slice(&data);
            }
        }
        Ok(Self(kept))
    }
}

/// The layer that bounds bodies reports the reason.
fn unreadable(error: axum::Error) -> Problem {
    let source = error.into_inner();
    match source.downcast::<Refused>() {
        Ok(refused) => refused.0,
        Err(other) => Problem::internal(&*other),
    }
}

/// Path parameters; a value that cannot be parsed names no resource: 404.
pub struct PathParameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(parameters)) => Ok(Self(parameters)),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// Query parameters; unknown and bad ones are 422.
pub struct QueryParameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryParameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read_query(&parts.uri).map(Self)
    }
}

/// The parameters of a query; unknown and bad ones are 422.
pub(crate) fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    if uri.query().is_some_and(|query| query.contains("%00")) {
        return Err(Problem::invalid_field(
            "",
            "nul_character",
            "text must not contain NUL",
        ));
    }
    match Query::try_from_uri(uri) {
        Ok(Query(parameters)) => Ok(parameters),
        Err(rejection) => {
            let reason = std::error::Error::source(&rejection)
                .map_or_else(|| rejection.to_string(), ToString::to_string);
            Err(Problem::invalid_field("", "invalid_query", reason))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn broken_rules(report: &garde::Report) -> Vec<FieldError> {
    report
        .iter()
        .map(|(path, error)| FieldError::new(pointer(&path.to_string()), INVALID, error.message()))
        .collect()
}

/// `items[0].quantity` as the JSON pointer `/items/0/quantity`.
fn pointer(path: &str) -> String {
    if path.is_empty() || path == "." {
        return String::new();
    }
    format!(
        "/{}",
        path.replace('[', ".")
            .replace(']', "")
            .trim_start_matches('.')
            .replace('.', "/")
    )
}
