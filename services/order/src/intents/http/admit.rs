//! Changes of orders and payments pass a gate before anything else: those of one customer, and those of one order, take no
//! more than a few places, and those of one customer are limited per minute (ORDERS 15). The placement of orders has a queue
//! of its own, and webhooks carry no token.

use access::{Caller, permissions::orders};
use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use utoipa::openapi;
use uuid::Uuid;
use web::{Problem, document::authorized_writes, limit::Meter};

use crate::{app::App, intents::Crowded, values::UserId};

pub async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let place = place(&mut parts, &app).await;
    let request = Request::from_parts(parts, body);
    let Some((customer, resource)) = place else {
        return next.run(request).await;
    };
    let meter = Meter::default();
    let counted = customer.map(|customer| app.changes.count(customer.0, Instant::now()));
    let mut response = match counted.map(|counted| meter.record(counted)) {
        Some(Err(exceeded)) => Problem::from(exceeded).into_response(),
        Some(Ok(())) | None => match app.intents.enter(customer, resource).await {
            Ok(_pass) => next.run(request).await,
            Err(crowded) => refusal(crowded).into_response(),
        },
    };
    if let Some(customer) = customer
        && response.status() == StatusCode::SERVICE_UNAVAILABLE
    {
        // Nothing was done, and the cause is not the customer: a retry must not count against their limit.
        app.changes.give_back(customer.0, Instant::now());
    }
    meter.write(response.headers_mut());
    response
}

/// Documents what [`admit`] answers, for each operation that it guards and that has no such answer of its own.
pub fn document_admission(document: &mut openapi::OpenApi) {
    for operation in authorized_writes(document) {
        let refusal = openapi::Response::new(
            "`too_many_requests`: too many changes by this customer, or to this resource, are in progress.",
        );
        let answer = operation.responses.responses.entry("429".to_owned());
        answer.or_insert_with(|| refusal.into());
    }
}

/// The caller, unless they are staff, and the resource to change; `None` for a request that changes nothing, or that the
/// handler will refuse.
async fn place(parts: &mut Parts, app: &App) -> Option<(Option<UserId>, Uuid)> {
    if parts.method.is_safe() {
        return None;
    }
    let path = MatchedPath::from_request_parts(parts, app).await.ok()?;
    if path.as_str().ends_with("/orders") {
        return None;
    }
    let caller = Caller::from_request_parts(parts, app).await.ok()?;
    let staff = caller.may::<orders::SetStatus>();
    // Ids carry a prefix; a request without an id in its path is identified by its caller.
    let named = RawPathParams::from_request_parts(parts, app).await.ok()?;
    let id = named.iter().next().and_then(|(_, id)| {
        let bare = id.rsplit_once('_').map_or(id, |(_, bare)| bare);
        bare.parse().ok()
    });
    let customer = (!staff).then_some(UserId(caller.id));
    Some((customer, id.unwrap_or(caller.id)))
}

fn refusal(crowded: Crowded) -> Problem {
    let detail = match crowded {
        Crowded::Customer => "Too many of your changes are in progress; wait for their responses.",
        Crowded::Resource => {
            "Too many changes of this resource are in progress; wait for their responses and read it again."
        }
        Crowded::Total => return Problem::unavailable(1),
    };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}
