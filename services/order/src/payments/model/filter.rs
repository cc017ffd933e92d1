//! Which payments a list shows.

use chrono::{DateTime, Utc};

use super::PaymentState;
use crate::values::{OrderId, UserId};

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
