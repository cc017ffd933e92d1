//! Changes of orders and payments pass a gate before anything else: one customer, or one order that many ask about,
//! takes no more than a few places, and no more than so many a minute (ORDERS 15). Placing orders has a queue of its own,
//! and webhooks bring no token.

use access::{Caller, Role};
use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;
use uuid::Uuid;
use web::{Problem, limit::Meter};

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
        // Nothing was done, and it is not the customer who failed: trying again is not held against them.
        app.changes.give_back(customer.0, Instant::now());
    }
    meter.write(response.headers_mut());
    response
}

/// Who asks for a change of what; `None` where nobody does, or where the handler will refuse.
async fn place(parts: &mut Parts, app: &App) -> Option<(Option<UserId>, Uuid)> {
    if parts.method.is_safe() {
        return None;
    }
    let path = MatchedPath::from_request_parts(parts, app).await.ok()?;
    if path.as_str().ends_with("/orders") {
        return None;
    }
    let caller = Caller::from_request_parts(parts, app).await.ok()?;
    let staff = caller.has(Role::Admin) || caller.has(Role::Vendor);
    // Ids carry a prefix; what has none in its path is known by who asks.
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
