//! What the lists of payments share: the way from a query to a page.

use axum::Json;
use web::{
    Problem,
    list::{Page, PageQuery, Paging, Total},
};

use super::{payment_refusal, payment_view::PaymentView};
use crate::{
    app::App,
    infrastructure::http::listing::{Key, check_times, window},
    payments::model::{PaymentFilter, PaymentState},
    values::{PaymentId, Reader},
};

/// `None`: the reader may not see the payments of the customer that the filter names.
pub async fn page(
    app: &App,
    reader: Reader,
    filter: PaymentFilter,
    query: &PageQuery,
) -> Result<Option<Json<Page<PaymentView>>>, Problem> {
    check_times(filter.created)?;
    let paging = paging(&filter, query)?;
    let listing = app
        .read_payments
        .list(reader, filter, window(&paging)?)
        .await
        .map_err(|error| payment_refusal::of_intent(&error))?;
    let Some(listing) = listing else {
        return Ok(None);
    };
    let total = listing.counted.map(Total::counted);
    let page = paging.page(listing.payments, total, |payment| {
        (payment.created_at, payment.id)
    })?;
    Ok(Some(Json(page.map(PaymentView::from))))
}

fn paging(filter: &PaymentFilter, query: &PageQuery) -> Result<Paging<Key<PaymentId>>, Problem> {
    Paging::try_new(
        query,
        &(
            "-created_at",
            filter.customer.map(|customer| customer.0),
            filter.order.map(|order| order.0),
            filter.state.map(PaymentState::as_str),
            filter.created.from,
            filter.created.to,
        ),
    )
}
