//! The outermost layer: trace context and request id in and out, one log line a request, problems rendered.

use axum::{
    Json,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use telemetry::{Span, TraceContext};
use tokio::time::Instant;
use tracing::{Instrument, error, info, info_span};

use crate::{Problem, authorization::carries_token, problem::MEDIA_TYPE};
use clock::Ids;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static(MEDIA_TYPE);

/// Headers that every answer carries.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];

/// For data: whatever a browser takes it for, nothing in it runs.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
/// For pages, which are the Swagger UI: its own scripts and no others; styles also inline, since it sets them so; it calls
/// the shop that it came from.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What a caller was told is theirs alone, and old as soon as it was sent.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
/// The same address answers each caller in another way.
const VARY: HeaderValue = HeaderValue::from_static("Authorization, Authentication");

tokio::task_local! {
    static TRACE: TraceContext;
}

/// The trace context of the request being answered, to be passed on with calls it makes.
pub fn current_trace() -> Option<TraceContext> {
    TRACE.try_with(|trace| *trace).ok()
}

/// Runs in this trace; a new task does not inherit it.
pub async fn in_trace<F: Future>(trace: Option<TraceContext>, future: F) -> F::Output {
    match trace {
        Some(trace) => TRACE.scope(trace, future).await,
        None => future.await,
    }
}

pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let parent = header_text(request.headers(), &TRACEPARENT).and_then(TraceContext::parse);
    let request_id = request_id(request.headers());
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let has_caller = carries_token(request.headers()) || !method.is_safe();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map(MatchedPath::as_str);
    let name = || route.map_or_else(|| method.to_string(), |route| format!("{method} {route}"));
    let mut served = Span::server(name, parent);
    served.set("http.request.method", || method.to_string());
    served.set("url.path", || uri.path().to_owned());
    if let Some(route) = route {
        served.set("http.route", || route.to_owned());
    }
    let trace = served.context();
    let span = info_span!("request", trace_id = %trace.trace_id(), request_id = %request_id);

    let response = TRACE
        .scope(trace, next.run(request))
        .instrument(span.clone())
        .await;
    let problem = problem_of(&response);

    let _in_span = span.enter();
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    served.answered(status, status >= 500);
    let route = route.unwrap_or("unmatched");
    match problem.as_ref().and_then(Problem::cause) {
        Some(cause) => {
            error!(http.method = %method, http.route = route, http.status = status, duration_ms, cause, "request failed");
        }
        None => {
            info!(http.method = %method, http.route = route, http.status = status, duration_ms, "request served");
        }
    }

    let mut response = match problem {
        Some(problem) => render(&problem, &response, uri.path(), trace),
        None => response,
    };
    let headers = response.headers_mut();
    protect(headers, has_caller || status >= 400);
    for (name, value) in [(REQUEST_ID, request_id), (TRACEPARENT, trace.to_string())] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

fn protect(headers: &mut HeaderMap, private: bool) {
    headers.extend(SECURITY_HEADERS);
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { POLICY };
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.append(header::VARY, VARY);
    if private {
        headers.entry(header::CACHE_CONTROL).or_insert(PRIVATE);
    }
}

/// The client's own id where it is short and printable, else a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    header_text(headers, &REQUEST_ID)
        .filter(|id| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .map_or_else(|| Ids::system().uuid().to_string(), ToOwned::to_owned)
}

fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The problem an answer stands for: the one a handler gave, or that of a bare status from a router or layer.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let status = response.status();
    let rendered = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| {
            kind == PROBLEM_JSON || kind.as_bytes().starts_with(b"application/json")
        });
    if rendered || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The method is not allowed for this resource; see the Allow header.",
        ),
        _ => Problem::new(
            status,
            "error",
            status.canonical_reason().unwrap_or("The request failed."),
        ),
    })
}

fn render(problem: &Problem, bare: &Response, instance: &str, trace: TraceContext) -> Response {
    let mut response = (
        problem.status(),
        Json(problem.document(instance, &trace.trace_id())),
    )
        .into_response();
    let mut headers = bare.headers().clone();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response.headers_mut().extend(headers);
    response
}

#[cfg(test)]
mod tests;
