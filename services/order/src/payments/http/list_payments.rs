//! `GET /payments`: the caller's payments, or everybody's for admins.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::CustomerOrAdmin,
};

use super::{
    payment_listing::page,
    payment_view::{PaymentStateName, PaymentView},
};
use crate::{
    app::App,
    infrastructure::http::listing::reader,
    payments::model::PaymentFilter,
    values::{OrderId, UserId},
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
    /// The only order there is: newest first.
    #[expect(
        dead_code,
        reason = "there is one way to sort, and parsing refuses others"
    )]
    sort: Option<PaymentsSort>,
    /// Rows a page, 1 to 100; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `page.next_cursor` of the answer before.
    cursor: Option<String>,
    /// A page number from 1, instead of a cursor; ends at 10,000 rows.
    #[param(minimum = 1)]
    page: Option<u32>,
    /// Counts the rows, up to 10,000.
    include_total: Option<bool>,
}

#[derive(Debug, Deserialize, ToSchema)]
enum PaymentsSort {
    #[serde(rename = "-created_at")]
    NewestFirst,
}

/// List payments
///
/// Newest first. Customers see the payments of their own orders, admins all.
#[utoipa::path(
    get,
    path = "/payments",
    tag = "payments",
    security(("bearer" = [])),
    params(PaymentsQuery),
    responses(
        (status = 200, description = "A page of payments.", body = Page<PaymentView>),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither customer nor admin, or filters by another user without being admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_payments(
    State(app): State<App>,
    caller: CustomerOrAdmin,
    QueryParameters(query): QueryParameters<PaymentsQuery>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let filter = PaymentFilter {
        customer: query.user,
        order: query.order,
        state: query.status.map(Into::into),
        from: query.from,
        to: query.to,
    };
    let paging = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
        page: query.page,
        include_total: query.include_total,
    };
    let page = page(&app, reader(&caller), filter, &paging).await?;
    page.ok_or_else(|| {
        Problem::forbidden("Only an admin may ask for the payments of another user.")
    })
}
