//! `PATCH /payments/{id}`, and `PUT` as its alias: the note of a payment.

use access::{Requires, permissions::payments};
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, PathParameters, Problem, conditional::IfMatch, schema::Lines};

use super::payment_view::PaymentView;
use crate::{
    app::App,
    infrastructure::http::{callers::reader, merge_patch::removable},
    values::{Note, PaymentId, Removable},
};

/// A merge patch (RFC 7396): absent members keep their values, null removes a value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdatePayment, example = json!({ "note": "Paid by the company." }))]
pub struct UpdatePaymentBody {
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<Lines<1000>>, inline)]
    note: Option<Removable<Note>>,
}

/// Change a payment's note
///
/// Only the note of a payment can be changed here; use `capture`, `cancel` and `refunds` to move money.
#[utoipa::path(
    patch,
    path = "/payments/{id}",
    tag = "payments",
    params(Requires<payments::Update>, ("id" = PaymentId, Path, description = "The payment."), IfMatch),
    request_body(content((UpdatePaymentBody = "application/json"), (UpdatePaymentBody = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The payment after the change.", body = PaymentView, headers(("ETag" = String, description = "The payment's version."))),
        (status = 404, description = "No such payment, or it belongs to another customer."),
    ),
)]
pub async fn patch_payment(
    State(app): State<App>,
    caller: Requires<payments::Update>,
    PathParameters(id): PathParameters<PaymentId>,
    if_match: IfMatch,
    JsonBody(body): JsonBody<UpdatePaymentBody>,
) -> Result<PaymentView, Problem> {
    let (reader, read) = (reader(&caller), if_match.into());
    let payment = match body.note.map(Removable::into_option) {
        Some(note) => {
            app.annotate_payment
                .run(reader, id, &read, note.as_ref())
                .await?
        }
        None => app.read_payments.matching(reader, id, &read).await?,
    };
    Ok(payment.into())
}

/// Change a payment's note (same as PATCH)
#[utoipa::path(
    put,
    path = "/payments/{id}",
    tag = "payments",
    params(Requires<payments::Update>, ("id" = PaymentId, Path, description = "The payment."), IfMatch),
    request_body = UpdatePaymentBody,
    responses(
        (status = 200, description = "The payment after the change.", body = PaymentView, headers(("ETag" = String, description = "The payment's version."))),
        (status = 404, description = "No such payment, or it belongs to another customer."),
    ),
)]
pub async fn put_payment(
    state: State<App>,
    caller: Requires<payments::Update>,
    id: PathParameters<PaymentId>,
    if_match: IfMatch,
    body: JsonBody<UpdatePaymentBody>,
) -> Result<PaymentView, Problem> {
    patch_payment(state, caller, id, if_match, body).await
}
