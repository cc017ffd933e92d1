//! A body is kept only once its handler has admitted the caller, and then within bounds: for one body, and for all
//! bodies that a port holds at a time. The unread rest of a body is discarded before the response is sent, since a response
//! before the end of the body looks like a broken connection to a proxy that reuses it. If that takes too long, the
//! response closes the connection.

mod intake;

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::Semaphore;

use crate::{Problem, authorization::is_ambiguous};
pub(crate) use intake::Refused;
use intake::{Intake, Rest, Shared};

/// Largest body that a client may send.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Largest body of a call between services: a batch.
pub(crate) const MAX_INTERNAL_BYTES: usize = 8 * MAX_BYTES;
/// Bytes of one body that are discarded at most.
const MAX_DRAINED_BYTES: usize = 4 * MAX_INTERNAL_BYTES;
/// Time that a client may go on sending after an early response before its connection is closed.
const LINGER: Duration = Duration::from_secs(5);

/// Limits of the bodies of one port.
#[derive(Clone, Debug)]
pub(crate) struct BodyLimits {
    /// Largest body.
    max_bytes: usize,
    /// Kibibytes that all bodies of this port may hold, beyond a small share of each.
    in_flight: Arc<Semaphore>,
}

impl BodyLimits {
    pub(crate) fn new(max_bytes: usize, in_flight_mebibytes: u16) -> Self {
        Self {
            max_bytes,
            in_flight: Arc::new(Semaphore::new(usize::from(in_flight_mebibytes) * 1024)),
        }
    }

    fn too_large(&self) -> Problem {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!(
                "The body is larger than {} MiB.",
                self.max_bytes / MAX_BYTES
            ),
        )
    }
}

pub(crate) async fn take_body(
    State(limits): State<BodyLimits>,
    request: Request,
    next: Next,
) -> Response {
    let refusal = is_ambiguous(request.headers()).then(ambiguous);
    if request.body().is_end_stream() {
        return match refusal {
            Some(problem) => problem.into_response(),
            None => next.run(request).await,
        };
    }
    let announced = length(request.headers());
    // Such a client sends its body only after the server starts to read it.
    let waits = request.headers().contains_key(header::EXPECT);
    let safe = request.method().is_safe();
    let (parts, body) = request.into_parts();
    let intake = Shared::new(Intake::new(body, limits.clone()));
    if announced.is_some_and(|length| length > limits.max_bytes as u64) {
        tokio::spawn(async move { tokio::time::timeout(LINGER, intake.drain()).await });
        return closing(limits.too_large().into_response());
    }
    let response = if let Some(problem) = refusal {
        problem.into_response()
    } else {
        let body = Body::new(intake.clone());
        next.run(Request::from_parts(parts, body)).await
    };
    if waits && intake.is_untouched() {
        return closing(response);
    }
    // The response of the handler is about an incomplete body; the layer knows the reason.
    let response = match intake.failure() {
        Some(problem) => problem.into_response(),
        None => response,
    };
    match intake.drain().await {
        Rest::Ended => response,
        // Nothing was done yet, so the client can be told what was wrong.
        Rest::Failed(problem) if safe && response.status().is_success() => {
            closing(problem.into_response())
        }
        Rest::Failed(_) | Rest::Endless => closing(response),
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

fn ambiguous() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "credentials_ambiguous",
        "Send one access token, in Authorization; Authentication is its alias.",
    )
}

#[cfg(test)]
mod tests;
