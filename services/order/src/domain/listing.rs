//! Which orders a reader sees, and how a list is walked through.

use chrono::{DateTime, Utc};

use super::{OrderId, PaymentState, Status, UserId};

/// How much a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Own(UserId),
    Everything,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub customer: Option<UserId>,
    /// Only orders with a line of this vendor.
    pub vendor: Option<UserId>,
    pub status: Option<Status>,
    /// Created at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Created before this time.
    pub to: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub customer: Option<UserId>,
    pub order: Option<OrderId>,
    pub state: Option<PaymentState>,
    /// Created at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Created before this time.
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
