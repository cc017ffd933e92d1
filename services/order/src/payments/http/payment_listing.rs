//! What the lists of payments share: the way from a query to a page.

use axum::Json;
use web::{
    Problem,
    list::{Page, PageQuery, Total},
};

use super::payment_view::PaymentView;
use crate::{
    app::App,
    infrastructure::http::listing::paging,
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
    let (paging, window) = paging(query, filter.created, &shape)?;
    let Some(listing) = app.read_payments.list(reader, filter, window).await? else {
        return Ok(None);
    };
    let total = listing.counted.map(Total::counted);
    let page = paging.page(listing.payments, total, |payment| {
        (payment.created_at, payment.id)
    })?;
    Ok(Some(Json(page.map(PaymentView::from))))
}
