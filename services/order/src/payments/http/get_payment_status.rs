//! `GET /payments/{id}/status`: the status of a payment.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State};
use web::{PathParameters, Problem};

use super::payment_view::PaymentStatusView;
use crate::{app::App, infrastructure::http::callers::reader, values::PaymentId};

/// Get a payment's status
///
/// Use it for polling while a payment is `pending`.
#[utoipa::path(
    get,
    path = "/payments/{id}/status",
    tag = "payments",
    params(Requires<payments::Read>, ("id" = PaymentId, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The status of the payment.", body = PaymentStatusView),
        (status = 404, description = "No such payment, or it belongs to another customer."),
    ),
)]
pub async fn get_payment_status(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    PathParameters(id): PathParameters<PaymentId>,
) -> Result<Json<PaymentStatusView>, Problem> {
    let payment = app.read_payments.one(reader(&caller), id).await?;
    let payment = payment.ok_or_else(Problem::not_found)?;
    Ok(Json(payment.into()))
}
