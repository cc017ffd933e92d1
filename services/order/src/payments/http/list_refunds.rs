//! `GET /payments/{id}/refunds`: the refunds of a payment.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::{PathParameters, Problem};

use super::payment_view::RefundView;
use crate::{app::App, infrastructure::http::callers::reader, values::PaymentId};

/// All refunds of a payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refunds {
    data: Vec<RefundView>,
}

/// List the refunds of a payment
///
/// All refunds, oldest first.
#[utoipa::path(
    get,
    path = "/payments/{id}/refunds",
    tag = "payments",
    params(Requires<payments::Read>, ("id" = PaymentId, Path, description = "The payment.")),
    responses(
        (status = 200, description = "The refunds.", body = Refunds),
        (status = 404, description = "No such payment, or it belongs to another customer."),
    ),
)]
pub async fn list_refunds(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    PathParameters(id): PathParameters<PaymentId>,
) -> Result<Json<Refunds>, Problem> {
    let refunds = app.read_payments.refunds(reader(&caller), id).await?;
    let refunds = refunds.ok_or_else(Problem::not_found)?;
    Ok(Json(Refunds {
        data: refunds.into_iter().map(RefundView::from).collect(),
    }))
}
