//! `GET /payments`: the caller's payments, or all payments for admins.

use access::{Requires, permissions::payments};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, NewestFirst, Page},
};

use super::{
    payment_listing::page,
    payment_view::{PaymentStateName, PaymentView},
};
use crate::{
    app::App,
    infrastructure::http::callers::reader,
    payments::model::PaymentFilter,
    values::{OrderId, Period, UserId},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentsQuery {
    /// Only payments in this state.
    status: Option<PaymentStateName>,
    /// Only payments of this order.
    order: Option<OrderId>,
    /// Only payments of this customer; for admins.
    user: Option<UserId>,
    /// Created at this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Created before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
    /// The only supported value: newest first.
    #[expect(
        dead_code,
        reason = "only one sort order exists; parsing rejects others"
    )]
    #[param(inline)]
    sort: Option<NewestFirst>,
}

/// List payments
///
/// Newest first. Customers see the payments of their own orders, admins all.
#[utoipa::path(
    get,
    path = "/payments",
    tag = "payments",
    params(Requires<payments::Read>, ListQuery<PaymentsQuery>),
    responses(
        (status = 200, description = "A page of payments.", body = Page<PaymentView>),
        (status = 403, description = "The role customer or admin is required; filtering by another user requires the role admin."),
    ),
)]
pub async fn list_payments(
    State(app): State<App>,
    caller: Requires<payments::Read>,
    ListQuery {
        paging,
        filter: query,
    }: ListQuery<PaymentsQuery>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let filter = PaymentFilter {
        customer: query.user,
        order: query.order,
        state: query.status.map(Into::into),
        created: Period {
            from: query.from,
            to: query.to,
        },
    };
    let page = page(&app, reader(&caller), filter, &paging).await?;
    page.ok_or_else(|| Problem::forbidden("Only an admin may list the payments of another user."))
}
