//! `GET /orders/user/{id}`: the orders of one user.

use access::{Requires, permissions::orders};
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page},
};

use super::{order_listing::page, order_view::OrderView};
use crate::{
    app::App, infrastructure::http::callers::reader, orders::model::OrderFilter, values::UserId,
};

/// List the orders of a user
///
/// Newest first. Available to the user and to admins.
#[utoipa::path(
    get,
    path = "/orders/user/{id}",
    tag = "orders",
    params(Requires<orders::List>, ("id" = UserId, Path, description = "The user."), ListQuery<NoFilter>),
    responses(
        (status = 200, description = "A page of orders.", body = Page<OrderView>),
        (status = 404, description = "The user is not the caller."),
    ),
)]
pub async fn list_orders_of_user(
    State(app): State<App>,
    caller: Requires<orders::List>,
    PathParameters(user): PathParameters<UserId>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<OrderView>>, Problem> {
    let filter = OrderFilter {
        customer: Some(user),
        ..OrderFilter::default()
    };
    page(&app, reader(&caller), filter, &paging)
        .await?
        .ok_or_else(Problem::not_found)
}
