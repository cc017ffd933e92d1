//! What the lists of orders share: the way from a query to a page.

use axum::Json;
use web::{
    Problem,
    list::{Page, PageQuery, Paging},
};

use super::order_view::OrderView;
use crate::{
    app::App,
    infrastructure::http::listing,
    orders::model::{OrderFilter, Status},
    values::{Position, Reader, Window},
};

/// `None`: the reader may not see the orders of the customer that the filter names.
pub async fn page(
    app: &App,
    reader: Reader,
    filter: OrderFilter,
    query: &PageQuery,
) -> Result<Option<Json<Page<OrderView>>>, Problem> {
    let (paging, window) = paging(&filter, query)?;
    let Some(orders) = app.read_orders.list(reader, filter, window).await? else {
        return Ok(None);
    };
    let page = listing::page(&paging, orders)?;
    Ok(Some(Json(page.map(OrderView::from))))
}

pub fn paging(
    filter: &OrderFilter,
    query: &PageQuery,
) -> Result<(Paging<Position>, Window), Problem> {
    let shape = (
        "-created_at",
        filter.customer.map(|customer| customer.0),
        filter.vendor.map(|vendor| vendor.0),
        filter.status.map(Status::as_str),
        filter.created.from,
        filter.created.to,
    );
    listing::paging(query, filter.created, &shape)
}
