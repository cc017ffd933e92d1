//! A request to a shop, and its response.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{User, id};

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

/// A request under construction: add the caller and the body, then await it.
pub struct Call<'a> {
    pub(super) router: &'a Router,
    pub(super) request: axum::http::request::Builder,
    pub(super) body: Option<Vec<u8>>,
}

impl Call<'_> {
    pub fn by(self, user: &User) -> Self {
        self.header("authorization", &format!("Bearer {}", user.token))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Fresh at each call.
    pub fn keyed(self) -> Self {
        self.header("idempotency-key", &id().to_string())
    }

    pub async fn json(self, body: &Value) -> Answer {
        self.text(&body.to_string()).await
    }

    /// A body that may be invalid JSON.
    pub async fn text(mut self, body: &str) -> Answer {
        self.body = Some(body.as_bytes().to_vec());
        self.header("content-type", "application/json").send().await
    }

    pub async fn send(self) -> Answer {
        let request = self
            .request
            .body(Body::from(self.body.unwrap_or_default()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn etag(&self) -> &str {
        self.header(header::ETAG.as_str())
    }

    /// Asserts a refusal: its status and code, and that it is a problem document.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
    }

    /// Asserts a 422 whose first error has this location.
    #[track_caller]
    pub fn invalid_at(&self, pointer: &str) {
        self.refused(422, "invalid_request");
        assert_eq!(self.body["errors"][0]["pointer"], pointer, "{}", self.body);
    }

    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }
}
