//! The connections of one process to the database, and what the subjects share of writing to it.

pub(crate) mod failure;
pub(crate) mod leases;
pub(crate) mod request_key;

use std::{str::FromStr, sync::Arc};

use clock::Jitter;
use db::{
    Pool,
    readable::{Row, Tried, Unreadable, read},
};

use crate::values::{Cause, Listed};

/// A column of rows that are written together.
pub(crate) fn column<'r, R, V>(rows: &'r [R], value: impl Fn(&'r R) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// The value of a column in another type.
pub(crate) fn typed<V, T: TryFrom<V>>(column: &'static str, value: V) -> Result<T, Unreadable> {
    T::try_from(value).map_err(|_| Unreadable(column.into()))
}

/// The same of a column of text.
pub(crate) fn parse<T: FromStr>(column: &'static str, text: &str) -> Result<T, Unreadable> {
    text.parse().map_err(|_| Unreadable(column.into()))
}

/// The value of a column that may hold what cannot be decoded.
pub(crate) fn decoded<T>(column: &'static str, value: impl Tried<T>) -> Result<T, Unreadable> {
    value.read().map_err(|_| Unreadable(column.into()))
}

/// Rows as a list shows them; where it goes on behind each.
pub(crate) fn listed<R: Row, P>(
    rows: Vec<R>,
    position: impl Fn(&R) -> Option<P>,
) -> Vec<Listed<R::Read, P>> {
    let listed = rows.into_iter().map(|row| Listed {
        position: position(&row),
        item: tried(row),
    });
    listed.collect()
}

/// Reads a row of several that do not fail with it.
pub(crate) fn tried<R: Row>(row: R) -> Result<R::Read, Cause> {
    read(row).map_err(|reason| Arc::new(reason) as Cause)
}

/// A statement writes every row that it was given: under their locks and versions, all are as they were read.
pub(crate) fn touched<E: From<sqlx::Error>>(rows: u64, expected: usize) -> Result<(), E> {
    if usize::try_from(rows) == Ok(expected) {
        Ok(())
    } else {
        let reason = format!("{rows} rows were written instead of {expected}");
        Err(sqlx::Error::InvalidArgument(reason).into())
    }
}

pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Orders, over the connections of one process by what they are for. Several of these pools may be the same.
#[derive(Clone, Debug)]
pub struct PgOrders {
    pub readers: Pool,
    /// Batches of placed orders, and the sagas that these begin in: not delayed by many readers or changes.
    pub placing: Pool,
    /// What people change by hand: cancellations, payments, refunds, fulfillments, returns.
    pub intents: Pool,
    pub jitter: Jitter,
}

impl PgOrders {
    /// One pool for all: for a process without many requests.
    pub fn shared(pool: impl Into<Pool>, jitter: Jitter) -> Self {
        let pool = pool.into();
        Self {
            readers: pool.clone(),
            placing: pool.clone(),
            intents: pool,
            jitter,
        }
    }
}
