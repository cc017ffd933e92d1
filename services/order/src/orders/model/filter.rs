//! Which orders a list shows.

use super::Status;
use crate::values::{Period, UserId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub customer: Option<UserId>,
    /// Only orders with a line of this vendor.
    pub vendor: Option<UserId>,
    pub status: Option<Status>,
    pub created: Period,
}
