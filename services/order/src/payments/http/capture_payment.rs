//! `POST /payments/{id}/capture`: takes the money that was set aside.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use web::{
    PathParameters, Problem, conditional::ETag, idempotency::RequestKey, problem::ProblemDocument,
    token::Admin,
};

use super::{payment_refusal, payment_view::PaymentView};
use crate::{
    app::App, infrastructure::http::replay, intents::http::wisher::wisher, values::PaymentId,
};

/// Capture a payment
///
/// Takes all of what is set aside for a payment that was started with `capture: manual`. The answer says what is
/// decided; the status follows.
#[utoipa::path(
    post,
    path = "/payments/{id}/capture",
    tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = PaymentId, Path, description = "The payment."),
        ("Idempotency-Key" = Option<String>, Header, description = "Fresh for every new request, the same when one is repeated. 1 to 255 printable ASCII characters. Without one the server makes a key, and a repeated request is carried out again; shops may require it."),
    ),
    responses(
        (status = 202, description = "It is decided: the payment becomes `captured`.", body = PaymentView, headers(
            ("ETag" = String, description = "The payment's version."),
            ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key decided it."),
            ("Idempotency-Key" = String, description = "The key that the server made, if none was sent; send it with a repeated request."),
            ("Idempotency-Notice" = String, description = "Only if no Idempotency-Key was sent: a request repeated without that key is carried out again."),
        )),
        (status = 400, description = "No usable Idempotency-Key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is not an admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such payment.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`payment_not_capturable`, or `payment_decided`: it is about to be given up.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "`idempotency_key_reused`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After, with the same key.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn capture_payment(
    State(app): State<App>,
    caller: Admin,
    PathParameters(id): PathParameters<PaymentId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let captured = app
        .capture_payment
        .run(&wisher(&caller, &key), id)
        .await
        .map_err(|error| payment_refusal::of_intent(&error))?;
    Ok((
        StatusCode::ACCEPTED,
        ETag(captured.result.version),
        replay::headers(captured.replayed),
        Json(PaymentView::from(captured.result)),
    ))
}
