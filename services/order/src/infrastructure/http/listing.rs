//! What lists share: the way from a query to a page. Rows that cannot be read are left out, and the page is shorter for it.

use chrono::{DateTime, Datelike, Utc};
use serde::{Serialize, de::DeserializeOwned};
use web::{
    FieldError, Problem,
    list::{self, Page, PageQuery, Paging, Total},
};

use super::field_errors::FieldErrors;
use crate::values::{Listed, Listing, Period, Position, Start, Window};

/// How a client walks through a list, and the rows that it needs next. `shape`: the sort and every filter.
pub fn paging<Id: Copy + Serialize + DeserializeOwned>(
    query: &PageQuery,
    created: Period,
    shape: &impl Serialize,
) -> Result<(Paging<Position<Id>>, Window<Id>), Problem> {
    check_times(created)?;
    let paging: Paging<Position<Id>> = Paging::try_new(query, shape)?;
    let start = match &paging.start {
        list::Start::After((time, _)) if !storable(time) => {
            return Err(Problem::invalid_field(
                "cursor",
                "invalid_cursor",
                "invalid cursor; use next_cursor of the previous response",
            ));
        }
        list::Start::After((time, id)) => Start::After(*time, *id),
        list::Start::Offset(rows) => Start::Offset(i64::from(*rows)),
    };
    let window = Window {
        rows: paging.fetch(),
        start,
        count_to: paging.include_total.then_some(Total::COUNT_TO),
    };
    Ok((paging, window))
}

/// The page of a listing.
pub fn page<T, P: Copy + Serialize + DeserializeOwned>(
    paging: &Paging<P>,
    listing: Listing<T, P>,
) -> Result<Page<T>, Problem> {
    let total = listing.counted.map(Total::counted);
    let item = |row: Listed<T, P>| row.item.ok();
    paging.page_of(listing.rows, total, |row| row.position, item)
}

/// The filters `from` and `to` of a list.
fn check_times(created: Period) -> Result<(), Problem> {
    let bad = [("from", created.from), ("to", created.to)]
        .into_iter()
        .filter(|(_, time)| time.is_some_and(|time| !storable(&time)))
        .map(|(name, _)| {
            FieldError::new(
                name,
                "out_of_range",
                "a time must be in the years 1 to 9999",
            )
        });
    FieldErrors(bad.collect()).check()
}

/// Postgres knows fewer years than chrono.
fn storable(time: &DateTime<Utc>) -> bool {
    (1..=9_999).contains(&time.year())
}
