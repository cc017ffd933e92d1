//! What lists share: who reads, and the way from a query to a page.

use access::{Reach, Requires};
use chrono::{DateTime, Datelike, Utc};
use serde::{Serialize, de::DeserializeOwned};
use web::{
    FieldError, Problem,
    list::{self, Paging, Total},
};

use crate::{
    orders::model::Merchant,
    values::{Actor, Period, Reader, Start, UserId, Window},
};

/// Where a page ends: lists are sorted by time, newest first, and by id where times are equal.
pub type Key<Id> = (DateTime<Utc>, Id);

/// Reads everything, or what belongs to the caller.
pub fn reader<P>(caller: &Requires<P>) -> Reader {
    if caller.reach == Reach::Any {
        Reader::Everything
    } else {
        Reader::Own(UserId(caller.id))
    }
}

/// As whom a customer or an admin acts; admins who are customers too act as admins where the permission covers what
/// belongs to anyone.
pub fn actor<P>(caller: &Requires<P>) -> Actor {
    if caller.reach == Reach::Any {
        Actor::Admin(UserId(caller.id))
    } else {
        Actor::Customer(UserId(caller.id))
    }
}

/// For whose lines a vendor or an admin acts; admins who are vendors too act as admins.
pub fn merchant<P>(caller: &Requires<P>) -> Merchant {
    if caller.reach == Reach::Any {
        Merchant::Admin(UserId(caller.id))
    } else {
        Merchant::Vendor(UserId(caller.id))
    }
}

pub fn window<Id: Copy + Serialize + DeserializeOwned>(
    paging: &Paging<Key<Id>>,
) -> Result<Window<Id>, Problem> {
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
    Ok(Window {
        rows: paging.fetch(),
        start,
        count_to: paging.include_total.then_some(Total::COUNT_TO),
    })
}

/// The filters `from` and `to` of a list.
pub fn check_times(created: Period) -> Result<(), Problem> {
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
