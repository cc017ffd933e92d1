//! What the lists of orders share: the way from a query to a page.

use axum::Json;
use web::{
    Problem,
    list::{Page, PageQuery, Paging, Total},
};

use super::{order_view::OrderView, refusal};
use crate::{
    app::App,
    infrastructure::http::listing::{Key, check_times, window},
    orders::{
        model::{Order, OrderFilter, Status},
        ports::Listing,
    },
    values::{OrderId, Reader, UserId},
};

/// `None`: the reader may not see the orders of the customer that the filter names.
pub async fn page(
    app: &App,
    reader: Reader,
    filter: OrderFilter,
    query: &PageQuery,
) -> Result<Option<Json<Page<OrderView>>>, Problem> {
    let paging = paging(&filter, query)?;
    let listing = app
        .read_orders
        .list(reader, filter, window(&paging)?)
        .await
        .map_err(|error| refusal::of_reading(&error))?;
    let Some(listing) = listing else {
        return Ok(None);
    };
    let page = orders(&paging, listing)?;
    Ok(Some(Json(page.map(OrderView::from))))
}

/// Orders with lines of this vendor, cut down to them.
pub async fn page_of_vendor(
    app: &App,
    vendor: UserId,
    filter: OrderFilter,
    query: &PageQuery,
) -> Result<Page<Order>, Problem> {
    let filter = OrderFilter {
        vendor: Some(vendor),
        ..filter
    };
    let paging = paging(&filter, query)?;
    let listing = app
        .read_orders
        .of_vendor(vendor, filter, window(&paging)?)
        .await
        .map_err(|error| refusal::of_reading(&error))?;
    orders(&paging, listing)
}

fn paging(filter: &OrderFilter, query: &PageQuery) -> Result<Paging<Key<OrderId>>, Problem> {
    check_times(filter.created)?;
    let customer = filter.customer.map(|customer| customer.0);
    let vendor = filter.vendor.map(|vendor| vendor.0);
    let status = filter.status.map(Status::as_str);
    Paging::try_new(
        query,
        &(
            "-created_at",
            customer,
            vendor,
            status,
            filter.created.from,
            filter.created.to,
        ),
    )
}

fn orders(paging: &Paging<Key<OrderId>>, listing: Listing) -> Result<Page<Order>, Problem> {
    let total = listing.counted.map(Total::counted);
    paging.page(listing.orders, total, |order| (order.created_at, order.id))
}
