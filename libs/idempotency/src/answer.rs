//! Responses as they are sent and stored.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, status::InvalidStatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use web::conditional::ETag;

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The header of a response to a repeated request; none on the first.
pub fn replayed(replayed: bool) -> HeaderMap {
    let header = (IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    replayed.then_some(header).into_iter().collect()
}

/// A response as a whole: what a repeated request gets.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub etag: ETag,
    /// JSON.
    pub body: String,
    pub replayed: bool,
}

impl Answer {
    pub fn try_new(
        status: StatusCode,
        location: Option<String>,
        etag: ETag,
        body: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            status,
            location,
            etag,
            body: serde_json::to_string(body)?,
            replayed: false,
        })
    }

    /// The response to an earlier request, as it was stored.
    pub fn stored(
        status: i16,
        location: Option<String>,
        version: i64,
        body: String,
    ) -> Result<Self, InvalidStatusCode> {
        Ok(Self {
            status: StatusCode::from_u16(status.cast_unsigned())?,
            location,
            etag: ETag(version),
            body,
            replayed: true,
        })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut headers = replayed(self.replayed);
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let location = self.location.map(HeaderValue::try_from);
        headers.extend(
            location
                .and_then(Result::ok)
                .map(|at| (header::LOCATION, at)),
        );
        (self.status, self.etag, headers, self.body).into_response()
    }
}
