//! How much a reader sees, and how a list is walked through.

use chrono::{DateTime, Utc};

use super::{Cause, OrderId, UserId};

/// How much a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Own(UserId),
    Everything,
}

impl Reader {
    /// Whether what is this customer's may be seen.
    pub fn may_see(self, owner: UserId) -> bool {
        match self {
            Self::Everything => true,
            Self::Own(user) => user == owner,
        }
    }

    /// The customer whom all that is seen belongs to; `None`: any.
    pub const fn own(self) -> Option<UserId> {
        match self {
            Self::Everything => None,
            Self::Own(user) => Some(user),
        }
    }
}

/// When what a list shows was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

/// A part of a list, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Window<I = OrderId> {
    pub rows: i64,
    pub start: Start<I>,
    /// Counts all rows, up to this many.
    pub count_to: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub enum Start<I = OrderId> {
    /// Behind what was created at this time with this id.
    After(DateTime<Utc>, I),
    Offset(i64),
}

/// Where a list goes on that is sorted by time, newest first, and by id where times are equal.
pub type Position<I = OrderId> = (DateTime<Utc>, I);

/// Rows of a list, and how many there are in all if that was asked.
#[derive(Clone, Debug)]
pub struct Listing<T, P> {
    pub rows: Vec<Listed<T, P>>,
    pub counted: Option<i64>,
}

/// A row of a list, which goes on behind it even if it cannot be read.
#[derive(Clone, Debug)]
pub struct Listed<T, P> {
    /// `None`: this cannot be read either.
    pub position: Option<P>,
    /// `Err`: why it cannot be read, which has been logged and counted.
    pub item: Result<T, Cause>,
}

impl<T, P> Listing<T, P> {
    #[must_use]
    pub fn map(self, change: impl Fn(T) -> T) -> Self {
        let rows = self.rows.into_iter().map(|row| Listed {
            position: row.position,
            item: row.item.map(&change),
        });
        Self {
            rows: rows.collect(),
            counted: self.counted,
        }
    }
}

/// A list that is not counted.
impl<T, P> From<Vec<Listed<T, P>>> for Listing<T, P> {
    fn from(rows: Vec<Listed<T, P>>) -> Self {
        Self {
            rows,
            counted: None,
        }
    }
}

impl<I> Start<I> {
    /// The time and the id that rows come before, if any, and how many rows are left out.
    pub fn bounds(self) -> (Option<DateTime<Utc>>, Option<I>, i64) {
        match self {
            Self::After(time, id) => (Some(time), Some(id), 0),
            Self::Offset(rows) => (None, None, rows),
        }
    }
}
