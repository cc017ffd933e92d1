//! Conditional requests (RFC 9110 13): an ETag is the version of what a client may edit.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponseParts, ResponseParts},
};
use utoipa::{
    IntoParams,
    openapi::{
        Required,
        path::{Parameter, ParameterIn},
    },
};

use crate::{Problem, document::header_parameter};

/// The version of a resource, sent as a strong ETag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ETag(pub i64);

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", self.0)) {
            parts.headers_mut().insert(header::ETAG, value);
        }
        Ok(parts)
    }
}

/// The `If-Match` header of a write that needs one: absent 428, stale 412.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    Any,
    Versions(Vec<i64>),
}

impl IfMatch {
    pub fn check(&self, current: ETag) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&current.0) => Ok(()),
            Self::Versions(_) => Err(Self::stale()),
        }
    }

    /// 412: it was changed after the client read it.
    pub fn stale() -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            "The resource has changed since it was read. Read it again and repeat the change with the new ETag.",
        )
    }
}

/// How OpenAPI shows the header where it is required.
impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![if_match_parameter(Required::True)]
    }
}

/// The header where a write may do without: absent, the write is made whatever the version.
pub struct OptionalIfMatch(pub IfMatch);

impl IntoParams for OptionalIfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![if_match_parameter(Required::False)]
    }
}

fn if_match_parameter(required: Required) -> Parameter {
    header_parameter(
        "If-Match",
        required,
        r#"^(\*|"[0-9]{1,18}"(, ?"[0-9]{1,18}")*)$"#,
        "The ETag that was read, or `*` to write regardless of the version.",
    )
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(&parts.headers).ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_required",
                "Send If-Match with the ETag you read, or * to write regardless of the version.",
            )
        })
    }
}

impl<S: Sync> FromRequestParts<S> for OptionalIfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parse(&parts.headers).unwrap_or(IfMatch::Any)))
    }
}

pub(crate) fn parse(headers: &HeaderMap) -> Option<IfMatch> {
    let mut versions = Vec::new();
    let mut present = false;
    for value in headers.get_all(header::IF_MATCH) {
        present = true;
        for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if tag == "*" {
                return Some(IfMatch::Any);
            }
            // A weak or foreign tag never matches (strong comparison).
            let version: Option<i64> = tag
                .strip_prefix('"')
                .and_then(|tag| tag.strip_suffix('"'))
                .and_then(|tag| tag.parse().ok());
            versions.extend(version);
        }
    }
    present.then_some(IfMatch::Versions(versions))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &'static str) -> Option<IfMatch> {
        parse(&HeaderMap::from_iter([(
            header::IF_MATCH,
            HeaderValue::from_static(value),
        )]))
    }

    #[test]
    fn a_fresh_tag_passes_and_a_stale_one_does_not() {
        let sent = of("\"3\", \"4\"").unwrap();
        assert!(sent.check(ETag(4)).is_ok());
        assert_eq!(
            sent.check(ETag(5)).unwrap_err().status(),
            StatusCode::PRECONDITION_FAILED
        );
        assert!(of("*").unwrap().check(ETag(9)).is_ok());
    }

    #[test]
    fn weak_and_foreign_tags_never_match() {
        assert!(of("W/\"4\", \"abc\", 4").unwrap().check(ETag(4)).is_err());
        assert_eq!(parse(&HeaderMap::new()), None);
    }
}
