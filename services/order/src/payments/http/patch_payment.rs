//! `PATCH /payments/{id}`, and `PUT` as its alias: the note of a payment.

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch},
    problem::ProblemDocument,
    token::CustomerOrAdmin,
};

use super::{payment_refusal, payment_view::PaymentView};
use crate::{
    app::App,
    infrastructure::http::{listing::reader, merge_patch::removable, precondition::precondition},
    values::{Note, PaymentId, Removable},
};

/// A merge patch (RFC 7396): what is absent stays, null takes away.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = UpdatePayment, example = json!({ "note": "Paid by the company." }))]
pub struct UpdatePaymentBody {
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<Removable<Note>>,
}

/// Change a payment's note
///
/// The note is all that can be changed of a payment; money moves by `capture`, `cancel` and `refunds`.
#[utoipa::path(
    patch,
    path = "/payments/{id}",
    tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = PaymentId, Path, description = "The payment."),
        ("If-Match" = String, Header, description = "The ETag that was read, or *."),
    ),
    request_body(content((UpdatePaymentBody = "application/json"), (UpdatePaymentBody = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The payment as it is now.", body = PaymentView, headers(("ETag" = String, description = "The payment's version."))),
        (status = 400, description = "The body is not JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such payment, or it is somebody else's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "It changed since it was read.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn patch_payment(
    State(app): State<App>,
    caller: CustomerOrAdmin,
    PathParameters(id): PathParameters<PaymentId>,
    if_match: IfMatch,
    ValidJson(body): ValidJson<UpdatePaymentBody>,
) -> Result<(ETag, Json<PaymentView>), Problem> {
    let read = precondition(if_match);
    let payment = match body.note {
        Some(note) => {
            let note = note.into_option();
            app.annotate_payment
                .run(reader(&caller), id, &read, note.as_ref())
                .await
        }
        None => app.read_payments.matching(reader(&caller), id, &read).await,
    };
    let payment = payment.map_err(|error| payment_refusal::of_intent(&error))?;
    Ok((ETag(payment.version), Json(PaymentView::from(payment))))
}

/// Change a payment's note (the same as PATCH)
#[utoipa::path(
    put,
    path = "/payments/{id}",
    tag = "payments",
    security(("bearer" = [])),
    params(
        ("id" = PaymentId, Path, description = "The payment."),
        ("If-Match" = String, Header, description = "The ETag that was read, or *."),
    ),
    request_body = UpdatePaymentBody,
    responses(
        (status = 200, description = "The payment as it is now.", body = PaymentView, headers(("ETag" = String, description = "The payment's version."))),
        (status = 400, description = "The body is not JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such payment, or it is somebody else's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "It changed since it was read.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn put_payment(
    state: State<App>,
    caller: CustomerOrAdmin,
    id: PathParameters<PaymentId>,
    if_match: IfMatch,
    body: ValidJson<UpdatePaymentBody>,
) -> Result<(ETag, Json<PaymentView>), Problem> {
    patch_payment(state, caller, id, if_match, body).await
}
