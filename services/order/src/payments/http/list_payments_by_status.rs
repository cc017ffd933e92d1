//! `GET /payments/status/{status}`: payments in one state.

use axum::{Json, extract::State};
use web::{
    PathParameters, Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::CustomerOrAdmin,
};

use super::{
    payment_listing::page,
    payment_view::{PaymentStateName, PaymentView},
};
use crate::{app::App, infrastructure::http::listing::reader, payments::model::PaymentFilter};

/// List payments by status
///
/// Newest first. Customers see the payments of their own orders, admins all.
#[utoipa::path(
    get,
    path = "/payments/status/{status}",
    tag = "payments",
    security(("bearer" = [])),
    params(("status" = PaymentStateName, Path, description = "The state."), PageQuery),
    responses(
        (status = 200, description = "A page of payments.", body = Page<PaymentView>),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such state.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_payments_by_status(
    State(app): State<App>,
    caller: CustomerOrAdmin,
    PathParameters(status): PathParameters<PaymentStateName>,
    QueryParameters(query): QueryParameters<PageQuery>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let filter = PaymentFilter {
        state: Some(status.into()),
        ..PaymentFilter::default()
    };
    page(&app, reader(&caller), filter, &query)
        .await?
        .ok_or_else(Problem::not_found)
}
