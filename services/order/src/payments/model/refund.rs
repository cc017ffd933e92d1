//! Money of a payment on its way back.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use money::Money;

use super::RefusalReason;
use crate::values::{PaymentId, RefundId, states::states};

states! {
    RefundState { Pending = "pending", Succeeded = "succeeded", Failed = "failed" }
    /// Why money goes back: an admin asked, the order was cancelled, goods came back.
    RefundCause { Requested = "requested", Cancelled = "cancelled", Returned = "returned" }
}

/// A requested refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    pub id: RefundId,
    /// `None`: all that is left.
    pub amount: Option<Money>,
    pub cause: RefundCause,
    pub reason: Option<String>,
}

/// A refund: readable everywhere, changed only by its own methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund(StoredRefund);

/// What is stored of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub amount: Money,
    pub state: RefundState,
    pub cause: RefundCause,
    pub reason: Option<String>,
    pub refusal: Option<RefusalReason>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Deref for Refund {
    type Target = StoredRefund;

    fn deref(&self) -> &StoredRefund {
        &self.0
    }
}

impl Refund {
    pub const fn stored(stored: StoredRefund) -> Self {
        Self(stored)
    }

    /// The provider paid it back.
    pub fn succeed(&mut self) {
        self.0.state = RefundState::Succeeded;
    }

    /// The provider refused it.
    pub fn fail(&mut self, reason: RefusalReason) {
        self.0.state = RefundState::Failed;
        self.0.refusal = Some(reason);
    }
}
