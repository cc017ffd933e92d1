//! What the lists of payments share: the way from a query to a page.

use axum::Json;
use chrono::{DateTime, Datelike, Utc};
use web::{
    FieldError, Problem,
    list::{self, Page, PageQuery, Paging, Total},
};

use super::{payment_refusal, payment_view::PaymentView};
use crate::{
    app::App,
    domain::{PaymentFilter, PaymentId, PaymentState, Reader, Start, Window},
};

/// Where a page ends: lists are sorted by time, newest first, and by id where times are equal.
type Key = (DateTime<Utc>, PaymentId);

/// `None`: the reader may not see the payments of the customer that the filter names.
pub async fn page(
    app: &App,
    reader: Reader,
    filter: PaymentFilter,
    query: &PageQuery,
) -> Result<Option<Json<Page<PaymentView>>>, Problem> {
    check_times(&filter)?;
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

fn paging(filter: &PaymentFilter, query: &PageQuery) -> Result<Paging<Key>, Problem> {
    Paging::try_new(
        query,
        &(
            "-created_at",
            filter.customer.map(|customer| customer.0),
            filter.order.map(|order| order.0),
            filter.state.map(PaymentState::as_str),
            filter.from,
            filter.to,
        ),
    )
}

fn window(paging: &Paging<Key>) -> Result<Window<PaymentId>, Problem> {
    let start = match &paging.start {
        list::Start::After((time, _)) if !storable(time) => {
            return Err(Problem::invalid_field(
                "cursor",
                "invalid_cursor",
                "take the cursor from the answer before",
            ));
        }
        list::Start::After((time, id)) => Start::After(*time, *id),
        list::Start::Offset(rows) => Start::Offset(i64::from(*rows)),
    };
    Ok(Window {
        rows: paging.fetch(),
        start,
        count_to: paging.include_total.then_some(Total::COUNT_TO),
    })
}

fn check_times(filter: &PaymentFilter) -> Result<(), Problem> {
    let bad: Vec<FieldError> = [("from", filter.from), ("to", filter.to)]
        .into_iter()
        .filter(|(_, time)| time.is_some_and(|time| !storable(&time)))
        .map(|(name, _)| {
            FieldError::new(name, "out_of_range", "a time lies in the years 1 to 9999")
        })
        .collect();
    if bad.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(bad))
    }
}

/// Postgres knows fewer years than chrono.
fn storable(time: &DateTime<Utc>) -> bool {
    (1..=9_999).contains(&time.year())
}
