//! `GET /vendor/orders`: orders with products of the calling vendor.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery},
    problem::ProblemDocument,
    token::Vendor,
};

use super::{
    order_listing::page_of_vendor, state_name::OrderStatusName, vendor_order_view::VendorOrderView,
};
use crate::{app::App, orders::model::OrderFilter, values::UserId};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VendorOrdersQuery {
    /// Only orders in this state.
    status: Option<OrderStatusName>,
    /// Created at this time or later (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Created before this time (RFC 3339).
    to: Option<DateTime<Utc>>,
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

/// List the orders with products of the calling vendor
///
/// Newest first. Only the vendor's own lines are shown.
#[utoipa::path(
    get,
    path = "/vendor/orders",
    tag = "orders",
    security(("bearer" = [])),
    params(VendorOrdersQuery),
    responses(
        (status = 200, description = "A page of orders.", body = Page<VendorOrderView>),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is no vendor.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_vendor_orders(
    State(app): State<App>,
    caller: Vendor,
    QueryParameters(query): QueryParameters<VendorOrdersQuery>,
) -> Result<Json<Page<VendorOrderView>>, Problem> {
    let filter = OrderFilter {
        status: query.status.map(Into::into),
        from: query.from,
        to: query.to,
        ..OrderFilter::default()
    };
    let paging = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
        page: query.page,
        include_total: query.include_total,
    };
    let page = page_of_vendor(&app, UserId(caller.id), filter, &paging).await?;
    let Page { data, page } = page;
    let data = data
        .into_iter()
        .map(VendorOrderView::try_from)
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::internal(&error))?;
    Ok(Json(Page { data, page }))
}
