//! What lists share: who reads, and the way from a query to a page; and what only those of orders share.

use axum::Json;
use chrono::{DateTime, Datelike, Utc};
use serde::{Serialize, de::DeserializeOwned};
use web::{
    FieldError, Problem,
    list::{self, Page, PageQuery, Paging, Total},
    token::{Caller, Role},
};

use super::{order_view::OrderView, refusal};
use crate::{
    app::App,
    domain::{Actor, Merchant, Order, OrderFilter, OrderId, Reader, Start, Status, UserId, Window},
    ports::Listing,
};

/// Where a page ends: lists are sorted by time, newest first, and by id where times are equal.
pub type Key<Id> = (DateTime<Utc>, Id);

/// Admins read everything, everybody else what is theirs.
pub fn reader(caller: &Caller) -> Reader {
    if caller.has(Role::Admin) {
        Reader::Everything
    } else {
        Reader::Own(UserId(caller.id))
    }
}

/// As whom a customer or an admin acts; admins who are customers too act as admins.
pub fn actor(caller: &Caller) -> Actor {
    if caller.has(Role::Admin) {
        Actor::Admin(UserId(caller.id))
    } else {
        Actor::Customer(UserId(caller.id))
    }
}

/// For whose lines a vendor or an admin acts; admins who are vendors too act as admins.
pub fn merchant(caller: &Caller) -> Merchant {
    if caller.has(Role::Admin) {
        Merchant::Admin(UserId(caller.id))
    } else {
        Merchant::Vendor(UserId(caller.id))
    }
}

/// `None`: the reader may not see the orders of the customer that the filter names.
pub async fn page(
    app: &App,
    reader: Reader,
    filter: OrderFilter,
    query: &PageQuery,
) -> Result<Option<Json<Page<OrderView>>>, Problem> {
    let paging = paging(&filter, query)?;
    let listing = app
        .list_orders
        .run(reader, filter, window(&paging)?)
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
        .list_orders
        .of_vendor(vendor, filter, window(&paging)?)
        .await
        .map_err(|error| refusal::of_reading(&error))?;
    orders(&paging, listing)
}

fn paging(filter: &OrderFilter, query: &PageQuery) -> Result<Paging<Key<OrderId>>, Problem> {
    check_times(filter.from, filter.to)?;
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
            filter.from,
            filter.to,
        ),
    )
}

pub fn window<Id: Copy + Serialize + DeserializeOwned>(
    paging: &Paging<Key<Id>>,
) -> Result<Window<Id>, Problem> {
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

fn orders(paging: &Paging<Key<OrderId>>, listing: Listing) -> Result<Page<Order>, Problem> {
    let total = listing.counted.map(Total::counted);
    paging.page(listing.orders, total, |order| (order.created_at, order.id))
}

/// The filters `from` and `to` of a list.
pub fn check_times(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Result<(), Problem> {
    let bad = [("from", from), ("to", to)]
        .into_iter()
        .filter(|(_, time)| time.is_some_and(|time| !storable(&time)))
        .map(|(name, _)| {
            FieldError::new(name, "out_of_range", "a time lies in the years 1 to 9999")
        });
    let bad: Vec<_> = bad.collect();
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
