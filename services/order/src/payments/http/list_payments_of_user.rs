//! `GET /payments/user/{id}`: the payments of one user.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page},
};

use super::{payment_listing::page, payment_view::PaymentView};
use crate::{
    app::App, infrastructure::http::callers::reader, payments::model::PaymentFilter, values::UserId,
};

/// List the payments of a user
///
/// Newest first. Available to the user and to admins.
#[utoipa::path(
    get,
    path = "/payments/user/{id}",
    tag = "payments",
    params(Requires<payments::Read>, ("id" = UserId, Path, description = "The user."), ListQuery<NoFilter>),
    responses(
        (status = 200, description = "A page of payments.", body = Page<PaymentView>),
        (status = 404, description = "The user is not the caller."),
    ),
)]
pub async fn list_payments_of_user(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    PathParameters(user): PathParameters<UserId>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let filter = PaymentFilter {
        customer: Some(user),
        ..PaymentFilter::default()
    };
    page(&app, reader(&caller), filter, &paging)
        .await?
        .ok_or_else(Problem::not_found)
}
