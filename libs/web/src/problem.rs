//! Problem details (RFC 9457): the one format of every error response.
//! A handler returns a `Problem`; the observing layer renders it with the request's path and trace id.

#[cfg(feature = "database")]
mod database;

use std::{borrow::Cow, error::Error, sync::Arc};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of every error answer.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The code of a field that breaks a rule for which there is no code of its own.
pub(crate) const INVALID: &str = "invalid";

/// Bounds of an error response, in bytes: a short request must not cause a long response.
const MAX_POINTER: usize = 256;
const MAX_MESSAGE: usize = 300;
const MAX_DETAIL: usize = 600;
const MAX_INSTANCE: usize = 512;
/// Largest number of errors in one response.
const MAX_ERRORS: usize = 32;

/// An error as the client sees it. The cause of a 5xx is kept for the log and never shown.
#[derive(Clone, Debug)]
pub struct Problem(Arc<Content>);

#[derive(Clone, Debug)]
struct Content {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<String>,
}

/// One invalid field: its location (a JSON pointer, RFC 6901), a stable code, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    #[schema(example = "/items/0/quantity")]
    pub pointer: String,
    #[schema(example = "invalid")]
    pub code: Cow<'static, str>,
    pub message: String,
}

impl FieldError {
    /// Both texts may contain input of the client, so they are truncated.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: cut(pointer.into(), MAX_POINTER),
            code: code.into(),
            message: cut(message.into(), MAX_MESSAGE),
        }
    }
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Arc::new(Content {
            status,
            code: code.into(),
            detail: match detail.into() {
                Cow::Borrowed(detail) => Cow::Borrowed(detail),
                Cow::Owned(detail) => Cow::Owned(cut(detail, MAX_DETAIL)),
            },
            errors: Vec::new(),
            members: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// 404: there is no such resource, or it belongs to another user.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "No such resource, or you do not have access to it.",
        )
    }

    /// 403: the caller is known and lacks the role.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 401 with the challenge of RFC 6750.
    pub fn unauthorized(code: &'static str, detail: &'static str) -> Self {
        let challenge = HeaderValue::from_static(if code == "token_missing" {
            "Bearer realm=\"ecommercestack\""
        } else {
            "Bearer realm=\"ecommercestack\", error=\"invalid_token\""
        });
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .with_header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 422 with the fields that break a rule, as many as one answer names.
    pub fn invalid(mut errors: Vec<FieldError>) -> Self {
        let detail = if errors.len() > MAX_ERRORS {
            "Many fields are invalid; errors lists the first of them."
        } else {
            "Some fields are invalid; see errors."
        };
        errors.truncate(MAX_ERRORS);
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail);
        problem.content().errors = errors;
        problem
    }

    /// 422 for one field.
    pub fn invalid_field(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, message)])
    }

    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 503: nothing was done, and the client may retry after this many seconds.
    pub fn unavailable(retry_after_seconds: u32) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Temporarily unavailable; the request was not processed. Retry after the time in Retry-After.",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds))
    }

    /// 500 that tells the client nothing; the chain of causes goes to the request's log line.
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error. Include the trace_id if you report it.",
        )
        .with_cause(cause)
    }

    #[must_use]
    pub fn with_cause(mut self, cause: &(dyn Error + 'static)) -> Self {
        self.content().cause = Some(telemetry::chain(cause));
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.content().headers.insert(name, value);
        self
    }

    /// The fields that break a rule, for a problem with a code of its own.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.content().errors = errors;
        self
    }

    /// A member beyond those of RFC 9457, such as the lines that lack stock.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.content().members.insert(name.to_owned(), value);
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    fn content(&mut self) -> &mut Content {
        Arc::make_mut(&mut self.0)
    }

    /// The answer's body.
    pub(crate) fn document(&self, instance: &str, trace_id: &str) -> Value {
        let content = &*self.0;
        let known = ProblemDocument {
            r#type: format!("https://ecommercestack.dev/problems/{}", content.code),
            title: content.status.canonical_reason().unwrap_or("Error").into(),
            status: content.status.as_u16(),
            detail: content.detail.clone().into(),
            instance: cut(instance.to_owned(), MAX_INSTANCE),
            code: content.code.clone().into(),
            errors: content.errors.clone(),
            trace_id: trace_id.to_owned(),
        };
        let mut document = content.members.clone();
        if let Ok(Value::Object(known)) = serde_json::to_value(known) {
            // Those of RFC 9457 win.
            document.extend(known);
        }
        Value::Object(document)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.0.headers.clone()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "https://ecommercestack.dev/problems/not_found", "title": "Not Found", "status": 404,
    "detail": "No such resource, or you do not have access to it.", "instance": "/api/v1/products/none",
    "code": "not_found", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}))]
pub struct ProblemDocument {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    instance: String,
    /// Stable; for use by programs.
    code: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    trace_id: String,
}

/// The text, or its beginning and an ellipsis.
fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        text.push('…');
    }
    text
}
