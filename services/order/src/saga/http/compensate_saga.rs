//! `POST /sagas/{id}/compensate`: the order is given up.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use web::{
    PathParameters, Problem, idempotency::RequestKey, problem::ProblemDocument, token::Admin,
};

use super::saga_view::{SagaView, of_tending};
use crate::{
    app::App, infrastructure::http::replay, intents::http::wisher::wisher, values::SagaId,
};

/// Compensate a saga
///
/// Asks for the cancellation of its order: what was held, taken or set aside goes back, in reverse.
#[utoipa::path(
    post,
    path = "/sagas/{id}/compensate",
    tag = "sagas",
    security(("bearer" = [])),
    params(
        ("id" = SagaId, Path, description = "The saga; an order's UUID names its saga too."),
        ("Idempotency-Key" = Option<String>, Header, description = "Fresh for every new request, the same when one is repeated. 1 to 255 printable ASCII characters. Without one the server makes a key, and a repeated request is carried out again; shops may require it."),
    ),
    responses(
        (status = 202, description = "The order becomes `cancelled`, or is it already.", body = SagaView, headers(
            ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key asked for it."),
            ("Idempotency-Key" = String, description = "The key that the server made, if none was sent; send it with a repeated request."),
            ("Idempotency-Notice" = String, description = "Only if no Idempotency-Key was sent: a request repeated without that key is carried out again."),
        )),
        (status = 400, description = "No usable Idempotency-Key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is no admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such saga.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`order_shipped` or `order_not_cancellable`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After, with the same key.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn compensate_saga(
    State(app): State<App>,
    caller: Admin,
    PathParameters(id): PathParameters<SagaId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let saga = app
        .tend_sagas
        .compensate(&wisher(&caller, &key), id)
        .await
        .map_err(|error| of_tending(&error))?;
    Ok((
        StatusCode::ACCEPTED,
        replay::headers(saga.replayed),
        Json(SagaView::from(saga.result)),
    ))
}
