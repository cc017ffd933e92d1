//! Calls to other services: each is a span in the trace of the request that makes it, and tells its own context.

use axum::http::HeaderValue;
use reqwest::{RequestBuilder, Response};
use telemetry::Span;

use crate::observe::{TRACEPARENT, current_trace};

/// Sends it. The path is the span's name, so what varies with each call belongs to the query or the body.
pub async fn call(request: RequestBuilder) -> reqwest::Result<Response> {
    let (client, request) = request.build_split();
    let mut request = request?;
    let (method, url) = (request.method(), request.url());
    let name = || format!("{method} {}", url.path());
    let mut span = Span::client(name, current_trace());
    span.set("http.request.method", || method.to_string());
    span.set("url.full", || url.to_string());
    if let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) {
        span.set("server.address", || host.to_owned());
        span.set("server.port", || i64::from(port));
    }
    if let Ok(value) = HeaderValue::try_from(span.context().to_string()) {
        request.headers_mut().insert(TRACEPARENT, value);
    }
    let outcome = client.execute(request).await;
    match &outcome {
        Ok(answer) => {
            let status = answer.status();
            span.answered(status.as_u16(), status.as_u16() >= 400);
        }
        Err(error) if error.is_timeout() => span.fail("timeout"),
        Err(_) => span.fail("connection"),
    }
    outcome
}
