//! Extractors that answer bad input with the right problem: 400, 404, 413, 415 or 422, never a 5xx.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use garde::Validate;
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};

use crate::{FieldError, Problem};

/// A JSON body that parses and keeps its type's rules. Types deny unknown fields.
pub struct ValidJson<T>(pub T);

impl<S, T> FromRequest<S> for ValidJson<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
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
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| Problem::internal(&error))?;
        let value: T = parse(&body)?;
        value
            .validate()
            .map_err(|report| Problem::invalid(broken_rules(&report)))?;
        Ok(Self(value))
    }
}

/// Path parameters; what does not parse names nothing: 404.
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
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Problem::invalid_field(
                "",
                "nul_character",
                "text must not contain NUL",
            ));
        }
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => {
                let reason = std::error::Error::source(&rejection)
                    .map_or_else(|| rejection.to_string(), ToString::to_string);
                Err(Problem::invalid_field("", "invalid_query", reason))
            }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // JSON can spell NUL, and Postgres text cannot keep it.
    if body.windows(6).any(|window| window == br"\u0000") {
        let document: Value = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        let mut errors = Vec::new();
        find_nul(&document, &mut String::new(), &mut errors);
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(&error.path().to_string());
        let cause = error.into_inner();
        match cause.classify() {
            Category::Data => Problem::invalid_field(pointer, "invalid", without_position(&cause)),
            Category::Io | Category::Syntax | Category::Eof => malformed(&cause),
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        format!("The body is not JSON: {error}."),
    )
}

/// The message without "at line 1 column 2": the pointer says where.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message
        .rsplit_once(" at line ")
        .map_or(message.clone(), |(text, _)| text.to_owned())
}

fn broken_rules(report: &garde::Report) -> Vec<FieldError> {
    report
        .iter()
        .map(|(path, error)| {
            FieldError::new(pointer(&path.to_string()), "invalid", error.message())
        })
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

fn find_nul(value: &Value, at: &mut String, errors: &mut Vec<FieldError>) {
    const MESSAGE: &str = "text must not contain NUL";
    let length = at.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            errors.push(FieldError::new(at.clone(), "nul_character", MESSAGE));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                find_nul(item, at, errors);
                at.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    errors.push(FieldError::new(at.clone(), "nul_character", MESSAGE));
                }
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                find_nul(member, at, errors);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only its parsing is tested")]
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only its parsing is tested")]
        items: Vec<Line>,
    }

    fn refused(body: &str) -> (u16, Value) {
        let problem = parse::<Order>(body.as_bytes()).unwrap_err();
        (
            problem.status().as_u16(),
            problem.document("/", "")["errors"][0]["pointer"].clone(),
        )
    }

    #[test]
    fn broken_json_is_400_and_a_broken_rule_422_with_its_place() {
        assert_eq!(refused("{\"items\": [").0, 400);
        assert_eq!(refused("{\"items\": []} x").0, 400);
        assert_eq!(
            refused("{\"items\": [{\"quantity\": -1}]}"),
            (422, "/items/0/quantity".into())
        );
        assert_eq!(
            refused("{\"items\": [{\"quantity\": 99999999999}]}"),
            (422, "/items/0/quantity".into())
        );
        assert_eq!(refused("{\"items\": [], \"more\": 1}").0, 422);
        assert_eq!(refused("{}").0, 422);
    }

    #[test]
    fn nul_is_found_wherever_it_hides() {
        assert_eq!(
            refused(r#"{"items": [{"note": "a\u0000b"}]}"#),
            (422, "/items/0/note".into())
        );
        assert!(
            parse::<Value>(br#"{"text": "a\\u0000b"}"#).is_ok(),
            "an escaped backslash is not NUL"
        );
    }
}
