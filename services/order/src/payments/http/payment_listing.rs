//! What the lists of payments share: the way from a query to a page.

use axum::Json;
use web::{
    Problem,
    list::{Page, PageQuery},
};

use super::payment_view::PaymentView;
use crate::{
    app::App,
    infrastructure::http::listing,
    payments::model::{PaymentFilter, PaymentState},
    values::Reader,
};

/// `None`: the reader may not see the payments of the customer that the filter names.
pub async fn page(
    app: &App,
    reader: Reader,
    filter: PaymentFilter,
    query: &PageQuery,
) -> Result<Option<Json<Page<PaymentView>>>, Problem> {
    let shape = (
        "-created_at",
        filter.customer.map(|customer| customer.0),
        filter.order.map(|order| order.0),
        filter.state.map(PaymentState::as_str),
        filter.created.from,
        filter.created.to,
    );
    let (paging, window) = listing::paging(query, filter.created, &shape)?;
    let Some(payments) = app.read_payments.list(reader, filter, window).await? else {
        return Ok(None);
    };
    let page = listing::page(&paging, payments)?;
    Ok(Some(Json(page.map(PaymentView::from))))
}
