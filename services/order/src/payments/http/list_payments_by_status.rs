//! `GET /payments/status/{status}`: payments in one state.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page},
};

use super::{
    payment_listing::page,
    payment_view::{PaymentStateName, PaymentView},
};
use crate::{app::App, infrastructure::http::callers::reader, payments::model::PaymentFilter};

/// List payments by status
///
/// Newest first. Customers see the payments of their own orders, admins all.
#[utoipa::path(
    get,
    path = "/payments/status/{status}",
    tag = "payments",
    params(Requires<payments::Read>, ("status" = PaymentStateName, Path, description = "The state."), ListQuery<NoFilter>),
    responses(
        (status = 200, description = "A page of payments.", body = Page<PaymentView>),
        (status = 404, description = "No such state."),
    ),
)]
pub async fn list_payments_by_status(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    PathParameters(status): PathParameters<PaymentStateName>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let filter = PaymentFilter {
        state: Some(status.into()),
        ..PaymentFilter::default()
    };
    page(&app, reader(&caller), filter, &paging)
        .await?
        .ok_or_else(Problem::not_found)
}
