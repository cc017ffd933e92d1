//! Which orders a list shows.

use chrono::{DateTime, Utc};

use super::Status;
use crate::values::UserId;

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
