//! `GET /orders/user/{id}`: the orders of one user.

use axum::{Json, extract::State};
use web::{
    PathParameters, Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::CustomerOrAdmin,
};

use super::{order_listing::page, order_view::OrderView};
use crate::{
    app::App, infrastructure::http::listing::reader, orders::model::OrderFilter, values::UserId,
};

/// List the orders of a user
///
/// Newest first. For the user and for admins.
#[utoipa::path(
    get,
    path = "/orders/user/{id}",
    tag = "orders",
    security(("bearer" = [])),
    params(("id" = UserId, Path, description = "The user."), PageQuery),
    responses(
        (status = 200, description = "A page of orders.", body = Page<OrderView>),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The user is somebody else.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_orders_of_user(
    State(app): State<App>,
    caller: CustomerOrAdmin,
    PathParameters(user): PathParameters<UserId>,
    QueryParameters(query): QueryParameters<PageQuery>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let filter = OrderFilter {
        customer: Some(user),
        ..OrderFilter::default()
    };
    page(&app, reader(&caller), filter, &query)
        .await?
        .ok_or_else(Problem::not_found)
}
