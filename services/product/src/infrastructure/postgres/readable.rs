//! Rows that this release may be unable to read: a newer release wrote, or a manual change made, a value that it does not know.
//! Such a row is left out, logged and counted; it never fails the page or the batch that it is part of.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use sqlx::{
    Decode, Postgres, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};
use tracing::error;

const COUNTER: &str = "ecommercestack_unreadable_rows_total";

/// Why a row cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

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
        let read = T::decode(value).map_err(|error| Unreadable(error.to_string()));
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
macro_rules! row {
    (
        $row:ident, $kind:literal, $id:ident $(. $part:tt)? => $read:ident
        { $($column:ident: $type:ty),* $(,)? } { $($tried:ident: $attempt:ty),* $(,)? }
    ) => {
        #[derive(Debug)]
        pub struct $row {
            $(pub $column: $type,)*
            $(pub $tried: $attempt,)*
        }

        impl $crate::infrastructure::postgres::readable::Row for $row {
            type Read = $read;

            const KIND: &'static str = $kind;

            fn id(&self) -> impl std::fmt::Display + use<> {
                self.$id$(.$part)?.clone()
            }

            fn read(self) -> Result<$read, $crate::infrastructure::postgres::readable::Unreadable> {
                Ok($read {
                    $($column: self.$column,)*
                    $($tried: $crate::infrastructure::postgres::readable::Tried::read(self.$tried)?,)*
                })
            }
        }
    };
}
pub(crate) use row;

/// None: the row cannot be read, which is logged and counted.
pub fn readable<R: Row>(row: R) -> Option<R::Read> {
    let id = row.id();
    row.read()
        .inspect_err(|reason| {
            metrics::counter!(COUNTER, "kind" => R::KIND).increment(1);
            error!(row.kind = R::KIND, row.id = %id, %reason, "skipped an invalid row");
        })
        .ok()
}

/// Those that can be read.
pub fn readable_ones<R: Row>(rows: Vec<R>) -> Vec<R::Read> {
    rows.into_iter().filter_map(readable).collect()
}
