//! How much a reader sees, and how a list is walked through.

use chrono::{DateTime, Utc};

use super::{OrderId, UserId};

/// How much a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Own(UserId),
    Everything,
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
