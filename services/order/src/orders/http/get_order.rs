//! `GET /orders/{id}`: one order.

use access::{
    Requires,
    permissions::{orders, vendor_orders},
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::{PathParameters, Problem, conditional::ETag};

use super::{order_view::OrderView, vendor_order_view::VendorOrderView};
use crate::{
    app::App,
    infrastructure::http::callers::reader,
    orders::SeenOrder,
    values::{OrderId, UserId},
};

/// The parts of an order that the caller may see.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = SeenOrder)]
pub enum SeenOrderView {
    Whole(OrderView),
    OfVendor(VendorOrderView),
}

/// Get an order
///
/// Customers see their own orders, admins all. Vendors see the lines of their own products in other customers' orders.
#[utoipa::path(
    get,
    path = "/orders/{id}",
    tag = "orders",
    params(Requires<orders::Read>, ("id" = OrderId, Path, description = "The order.")),
    responses(
        (status = 200, description = "The order.", body = SeenOrderView, headers(
            ("ETag" = String, description = "The order's version."),
        )),
        (status = 404, description = "No such order, or it belongs to another customer and contains no product of the caller."),
    ),
)]
pub async fn get_order(
    State(app): State<App>,
    caller: Requires<orders::Read>,
    PathParameters(id): PathParameters<OrderId>,
) -> Result<(ETag, Json<SeenOrderView>), Problem> {
    let vendor = caller
        .may::<vendor_orders::List>()
        .then_some(UserId(caller.id));
    let order = app
        .read_orders
        .one(id, reader(&caller), vendor)
        .await?
        .ok_or_else(Problem::not_found)?;
    let (SeenOrder::Whole(seen) | SeenOrder::OfVendor(seen)) = &order;
    let version = ETag(seen.state.version);
    let view = match order {
        SeenOrder::Whole(order) => SeenOrderView::Whole(order.into()),
        SeenOrder::OfVendor(order) => SeenOrderView::OfVendor(order.try_into()?),
    };
    Ok((version, Json(view)))
}
