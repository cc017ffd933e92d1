//! Which payments a list shows.

use super::PaymentState;
use crate::values::{OrderId, Period, UserId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub customer: Option<UserId>,
    pub order: Option<OrderId>,
    pub state: Option<PaymentState>,
    pub created: Period,
}
