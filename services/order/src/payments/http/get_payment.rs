//! `GET /payments/{id}`: one payment.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use super::{payment_refusal, payment_view::PaymentView};
use crate::{app::App, infrastructure::http::listing::reader, values::PaymentId};

/// Get a payment
///
/// Customers see the payments of their own orders, admins all.
#[utoipa::path(
    get,
    path = "/payments/{id}",
    tag = "payments",
    security(("bearer" = [])),
    params(("id" = PaymentId, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The payment.", body = PaymentView, headers(
            ("ETag" = String, description = "The payment's version."),
        )),
        (status = 403, description = "The role customer or admin is required."),
        (status = 404, description = "No such payment, or it belongs to another customer."),
    ),
)]
pub async fn get_payment(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    PathParameters(id): PathParameters<PaymentId>,
) -> Result<(ETag, Json<PaymentView>), Problem> {
    let payment = app
        .read_payments
        .one(reader(&caller), id)
        .await
        .map_err(|error| payment_refusal::of_intent(&error))?
        .ok_or_else(Problem::not_found)?;
    Ok((ETag(payment.version), Json(PaymentView::from(payment))))
}
