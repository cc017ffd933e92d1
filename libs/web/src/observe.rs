//! The outermost layer: trace context and request id in and out, one log line a request, problems rendered.

use axum::{
    Json,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use telemetry::TraceContext;
use tokio::time::Instant;
use tracing::{Instrument, error, info, info_span};

use crate::{Problem, clock::Clock};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Headers that every answer carries; the policy fits JSON and the Swagger UI alike.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("frame-ancestors 'none'"),
    ),
];

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
    let trace = header_text(request.headers(), &TRACEPARENT)
        .and_then(TraceContext::parse)
        .map_or_else(TraceContext::root, TraceContext::child);
    let request_id = request_id(request.headers());
    let method = request.method().clone();
    let instance = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let span = info_span!("request", trace_id = %trace.trace_id(), request_id = %request_id);

    let response = TRACE
        .scope(trace, next.run(request))
        .instrument(span.clone())
        .await;
    let problem = problem_of(&response);

    let _in_span = span.enter();
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let route = route.as_deref().unwrap_or("unmatched");
    match problem.as_ref().and_then(Problem::cause) {
        Some(cause) => {
            error!(http.method = %method, http.route = route, http.status = status, duration_ms, cause, "request failed");
        }
        None => {
            info!(http.method = %method, http.route = route, http.status = status, duration_ms, "request served");
        }
    }

    let mut response = match problem {
        Some(problem) => render(&problem, &response, &instance, trace),
        None => response,
    };
    let headers = response.headers_mut();
    headers.extend(SECURITY_HEADERS);
    for (name, value) in [(REQUEST_ID, request_id), (TRACEPARENT, trace.to_string())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// The client's own id where it is short and printable, else a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    header_text(headers, &REQUEST_ID)
        .filter(|id| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .map_or_else(|| Clock::system().uuid().to_string(), ToOwned::to_owned)
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
            status,
            "method_not_allowed",
            "This method does not exist here; the Allow header lists those that do.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            status,
            "body_too_large",
            "The body is larger than this endpoint takes.",
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
