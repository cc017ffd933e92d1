//! `GET /payments/{id}`: one payment.

use access::{Requires, permissions::payments};
use axum::extract::State;
use web::{PathParameters, Problem};

use super::payment_view::PaymentView;
use crate::{app::App, infrastructure::http::callers::reader, values::PaymentId};

/// Get a payment
///
/// Customers see the payments of their own orders, admins all.
#[utoipa::path(
    get,
    path = "/payments/{id}",
    tag = "payments",
    params(Requires<payments::Read>, ("id" = PaymentId, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The payment.", body = PaymentView, headers(
            ("ETag" = String, description = "The payment's version."),
        )),
        (status = 404, description = "No such payment, or it belongs to another customer."),
    ),
)]
pub async fn get_payment(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    PathParameters(id): PathParameters<PaymentId>,
) -> Result<PaymentView, Problem> {
    let payment = app.read_payments.one(reader(&caller), id).await?;
    payment
        .map(PaymentView::from)
        .ok_or_else(Problem::not_found)
}
