//! Rows that this release may be unable to read: a newer release wrote, or a manual change made, a value that it does not know.
//! Such a row is left out, logged and counted; it never fails the page or the batch that it is part of.

use std::{borrow::Cow, fmt::Display};

use chrono::{DateTime, Utc};
use sqlx::{
    Decode, Postgres, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};
use tracing::error;

/// Why a row cannot be read, without what it holds: that may be personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub Cow<'static, str>);

impl Unreadable {
    /// The same, of a column.
    #[must_use]
    pub fn of(self, column: &str) -> Self {
        Self(format!("{column}: {self}").into())
    }
}

/// A column of which a row may hold something that cannot be read.
#[derive(Clone, Debug)]
pub struct Attempt<T>(Result<T, Unreadable>);

/// A column that is read as an `R`, or says why it cannot be.
pub trait Tried<R> {
    fn read(self) -> Result<R, Unreadable>;
}

impl<T, R: From<T>> Tried<R> for Attempt<T> {
    fn read(self) -> Result<R, Unreadable> {
        self.0.map(R::from)
    }
}

impl<T, R: From<T>> Tried<Option<R>> for Option<Attempt<T>> {
    fn read(self) -> Result<Option<R>, Unreadable> {
        self.map(Attempt::read).transpose()
    }
}

impl<T> Attempt<T> {
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref().ok()
    }
}

impl<'r, T: Decode<'r, Postgres>> Decode<'r, Postgres> for Attempt<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let read = T::decode(value).map_err(|error| Unreadable(error.to_string().into()));
        Ok(Self(read))
    }
}

impl<T: Type<Postgres>> Type<Postgres> for Attempt<T> {
    fn type_info() -> PgTypeInfo {
        T::type_info()
    }

    fn compatible(kind: &PgTypeInfo) -> bool {
        T::compatible(kind)
    }
}

/// A time. `infinity` and whatever else Postgres keeps and chrono does not is an error here, where decoding a
/// `DateTime` panics.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub DateTime<Utc>);

/// Microseconds from 1970 to 2000, where Postgres begins to count.
const EPOCH: i64 = 946_684_800_000_000;

impl From<Time> for DateTime<Utc> {
    fn from(time: Time) -> Self {
        time.0
    }
}

impl<'r> Decode<'r, Postgres> for Time {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let microseconds: i64 = Decode::<Postgres>::decode(value)?;
        microseconds
            .checked_add(EPOCH)
            .and_then(DateTime::from_timestamp_micros)
            .map(Self)
            .ok_or_else(|| "the time is out of range".into())
    }
}

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        <DateTime<Utc> as Type<Postgres>>::type_info()
    }

    fn compatible(kind: &PgTypeInfo) -> bool {
        <DateTime<Utc> as Type<Postgres>>::compatible(kind)
    }
}

/// A row as it came from the database.
pub trait Row {
    type Read;

    /// The kind of row, as a label of the metric.
    const KIND: &'static str;

    /// The id of the row, for the log.
    fn id(&self) -> impl Display + use<Self>;

    fn read(self) -> Result<Self::Read, Unreadable>;
}

/// A row with the columns of the type that it is read as; those of the second list may have values that cannot be read.
#[macro_export]
macro_rules! readable_row {
    (
        $row:ident, $kind:literal, $id:ident $(. $part:tt)? => $read:ident
        { $($column:ident: $type:ty),* $(,)? } { $($tried:ident: $attempt:ty),* $(,)? }
    ) => {
        #[derive(Debug)]
        pub struct $row {
            $(pub $column: $type,)*
            $(pub $tried: $attempt,)*
        }

        impl $crate::readable::Row for $row {
            type Read = $read;

            const KIND: &'static str = $kind;

            fn id(&self) -> impl std::fmt::Display + use<> {
                self.$id$(.$part)?.clone()
            }

            fn read(self) -> Result<$read, $crate::readable::Unreadable> {
                Ok($read {
                    $($column: self.$column,)*
                    $($tried: $crate::readable::Tried::read(self.$tried)
                        .map_err(|reason| reason.of(stringify!($tried)))?,)*
                })
            }
        }
    };
}
pub use crate::readable_row as row;

/// Counts a row that cannot be read. The caller logs which, and what becomes of it.
pub fn count_unreadable(kind: &'static str) {
    metrics::counter!("ecommercestack_unreadable_rows_total", "kind" => kind).increment(1);
}

/// Reads a row of several, which are to go on without it if it cannot be read; that is logged and counted.
pub fn read<R: Row>(row: R) -> Result<R::Read, Unreadable> {
    let id = row.id();
    row.read().inspect_err(|reason| {
        count_unreadable(R::KIND);
        error!(row.kind = R::KIND, row.id = %id, %reason, "skipped an invalid row");
    })
}

/// None: the row cannot be read, which is logged and counted.
pub fn readable<R: Row>(row: R) -> Option<R::Read> {
    read(row).ok()
}

/// Those that can be read.
pub fn readable_ones<R: Row>(rows: Vec<R>) -> Vec<R::Read> {
    rows.into_iter().filter_map(readable).collect()
}
