//! A payment of an order and its refunds: how far the money is, and the only ways to move it (ORDERS 19, 20).
//! One live payment an order; it is captured once, whole.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use money::Money;

use super::{
    IntentRefusal, NewRefund, PaymentMethod, ProviderName, ProviderReference, Refund, RefundState,
    RefusalReason, StoredRefund,
};
use crate::{
    orders::model::PaymentStatus,
    values::{EventType, OrderId, PaymentId, Period, Precondition, Reader, UserId, states::states},
};

states! {
    /// How far a payment is. Failed: the provider refused it. Voided: it was given up before money moved.
    PaymentState {
        Pending = "pending",
        Authorized = "authorized",
        Captured = "captured",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
        Failed = "failed",
        Voided = "voided",
    }
    /// What is to become of a payment. Written before the provider is called; the opposite waits for the result.
    PaymentDecision { Capture = "capture", Void = "void" }
    /// Who decides that the money is taken: the saga as soon as the stock is committed, or an admin.
    CaptureMode { Automatic = "automatic", Manual = "manual" }
}

/// A payment: readable everywhere, changed only by its own methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    now: StoredPayment,
    read_version: i64,
}

/// What is stored of a payment. Amounts are of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPayment {
    pub id: PaymentId,
    pub order_id: OrderId,
    /// The customer of the order.
    pub customer: UserId,
    pub provider: ProviderName,
    pub method: PaymentMethod,
    pub capture: CaptureMode,
    pub state: PaymentState,
    pub decision: Option<PaymentDecision>,
    pub amount: Money,
    pub authorized: Money,
    pub captured: Money,
    /// The amount of refunds in progress.
    pub refund_pending: Money,
    pub refunded: Money,
    pub reference: Option<ProviderReference>,
    /// Why the provider refused.
    pub refusal: Option<RefusalReason>,
    pub note: Option<String>,
    /// The hold was extended for this payment (ORDERS 20).
    pub secured: bool,
    /// The provider was asked, and its answer is not known or not final.
    pub asked: bool,
    /// Of what a client may edit and of everything else: every write raises it.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A payment about to be started: of the whole order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayment {
    pub id: PaymentId,
    pub provider: ProviderName,
    pub method: PaymentMethod,
    pub capture: CaptureMode,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PaymentError {
    #[error("a payment that is {} cannot become {}", from.as_str(), to.as_str())]
    Transition {
        from: PaymentState,
        to: PaymentState,
    },
    #[error("a decision to {} this payment is already pending", _0.as_str())]
    Decided(PaymentDecision),
    #[error("only {} of this payment can be refunded", left.minor)]
    TooMuch { left: Money },
    #[error("the amount must be greater than zero and in the currency of the payment")]
    NoAmount,
}

impl PaymentState {
    /// The provider or the saga has still to do something.
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Pending | Self::Authorized => true,
            Self::Captured
            | Self::PartiallyRefunded
            | Self::Refunded
            | Self::Failed
            | Self::Voided => false,
        }
    }

    /// An order has at most one payment of which this is true. Statements say it too: `tests/it/states_in_sql.rs`.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Pending
            | Self::Authorized
            | Self::Captured
            | Self::PartiallyRefunded
            | Self::Refunded => true,
            Self::Failed | Self::Voided => false,
        }
    }

    /// What an order says of itself that is paid by such a payment.
    pub const fn of_order(self) -> PaymentStatus {
        match self {
            Self::Pending | Self::Voided => PaymentStatus::Unpaid,
            Self::Authorized => PaymentStatus::Authorized,
            Self::Captured => PaymentStatus::Paid,
            Self::PartiallyRefunded => PaymentStatus::PartiallyRefunded,
            Self::Refunded => PaymentStatus::Refunded,
            Self::Failed => PaymentStatus::Failed,
        }
    }

    /// The money was taken, wherever it is now.
    pub const fn is_captured(self) -> bool {
        match self {
            Self::Captured | Self::PartiallyRefunded | Self::Refunded => true,
            Self::Pending | Self::Authorized | Self::Failed | Self::Voided => false,
        }
    }
}

impl Deref for Payment {
    type Target = StoredPayment;

    fn deref(&self) -> &StoredPayment {
        &self.now
    }
}

impl Payment {
    pub const fn stored(stored: StoredPayment) -> Self {
        Self {
            read_version: stored.version,
            now: stored,
        }
    }

    /// The version that its row must still have.
    pub const fn read_version(&self) -> i64 {
        self.read_version
    }

    pub fn may_be_seen_by(&self, reader: Reader) -> bool {
        reader.may_see(self.customer)
    }

    /// The hold lasts for as long as the payment may take (ORDERS 20).
    pub fn secure(&mut self) {
        if !self.secured {
            self.change().secured = true;
        }
    }

    /// The money is set aside.
    pub fn authorize(&mut self, reference: ProviderReference) -> Result<EventType, PaymentError> {
        let next = self.step(&[PaymentState::Pending], PaymentState::Authorized)?;
        next.authorized = next.amount;
        next.reference = Some(reference);
        Ok(EventType::PaymentAuthorized)
    }

    /// The provider's answer will come later, or was lost.
    pub fn await_answer(&mut self, reference: Option<ProviderReference>) {
        let reference = reference.or_else(|| self.reference.clone());
        if !self.asked || reference != self.reference {
            let next = self.change();
            next.asked = true;
            next.reference = reference;
        }
    }

    /// The provider will not set the money aside, or not hand it over.
    pub fn fail(&mut self, reason: RefusalReason) -> Result<EventType, PaymentError> {
        let open = [PaymentState::Pending, PaymentState::Authorized];
        self.step(&open, PaymentState::Failed)?.refusal = Some(reason);
        Ok(EventType::PaymentFailed)
    }

    /// Decides what becomes of the payment. Deciding the same again changes nothing (`false`).
    pub fn decide(&mut self, decision: PaymentDecision) -> Result<bool, PaymentError> {
        let target = match decision {
            PaymentDecision::Capture => PaymentState::Captured,
            PaymentDecision::Void => PaymentState::Voided,
        };
        let open = match (self.state, decision) {
            (PaymentState::Authorized, _) | (PaymentState::Pending, PaymentDecision::Void) => true,
            (PaymentState::Pending, PaymentDecision::Capture)
            | (
                PaymentState::Captured
                | PaymentState::PartiallyRefunded
                | PaymentState::Refunded
                | PaymentState::Failed
                | PaymentState::Voided,
                _,
            ) => false,
        };
        match self.decision {
            _ if !open => Err(self.cannot_become(target)),
            Some(earlier) if earlier == decision => Ok(false),
            Some(earlier) => Err(PaymentError::Decided(earlier)),
            None => {
                self.change().decision = Some(decision);
                Ok(true)
            }
        }
    }

    pub fn capture(&mut self) -> Result<EventType, PaymentError> {
        let next = self.step(&[PaymentState::Authorized], PaymentState::Captured)?;
        next.captured = next.authorized;
        Ok(EventType::PaymentCaptured)
    }

    pub fn void(&mut self) -> Result<EventType, PaymentError> {
        let open = [PaymentState::Pending, PaymentState::Authorized];
        self.step(&open, PaymentState::Voided)?;
        Ok(EventType::PaymentVoided)
    }

    /// What can still be given back.
    pub fn refundable(&self) -> Money {
        let left = self.captured.minor - self.refunded.minor - self.refund_pending.minor;
        Money::new(left, self.amount.currency)
    }

    /// Sets an amount aside for a refund, before the provider is called.
    pub fn request_refund(&mut self, amount: Money) -> Result<EventType, PaymentError> {
        if !self.state.is_captured() {
            return Err(self.cannot_become(PaymentState::Refunded));
        }
        let left = self.refundable();
        if amount.minor > left.minor || left.minor == 0 {
            return Err(PaymentError::TooMuch { left });
        }
        if amount.minor <= 0 || amount.currency != self.amount.currency {
            return Err(PaymentError::NoAmount);
        }
        self.change().refund_pending.minor += amount.minor;
        Ok(EventType::PaymentRefundRequested)
    }

    /// The same, with the refund that it is set aside for.
    pub fn open_refund(&mut self, new: &NewRefund) -> Result<(Refund, EventType), PaymentError> {
        let amount = new.amount.unwrap_or_else(|| self.refundable());
        let event = self.request_refund(amount)?;
        let refund = Refund::stored(StoredRefund {
            id: new.id,
            payment_id: self.id,
            amount,
            state: RefundState::Pending,
            cause: new.cause,
            reason: new.reason.clone(),
            refusal: None,
            // The database stamps them.
            created_at: self.created_at,
            updated_at: self.updated_at,
        });
        Ok((refund, event))
    }

    /// What was set aside for a refund has gone back.
    pub fn refund(&mut self, amount: Money) -> Result<EventType, PaymentError> {
        if !self.state.is_captured() || amount.minor > self.refund_pending.minor {
            return Err(self.cannot_become(PaymentState::Refunded));
        }
        let next = self.change();
        next.asked = false;
        next.refund_pending.minor -= amount.minor;
        next.refunded.minor += amount.minor;
        next.state = if next.refunded.minor == next.captured.minor {
            PaymentState::Refunded
        } else {
            PaymentState::PartiallyRefunded
        };
        Ok(EventType::PaymentRefunded)
    }

    /// The provider refused the refund; what was set aside for it is free again.
    pub fn refund_refused(&mut self, amount: Money) -> EventType {
        let next = self.change();
        next.asked = false;
        next.refund_pending.minor = (next.refund_pending.minor - amount.minor).max(0);
        EventType::PaymentRefundRefused
    }

    /// Replaces the note, if the caller has read the current version. The same note changes nothing.
    pub fn annotate(
        &mut self,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<(), IntentRefusal> {
        if !read.holds(self.version) {
            return Err(IntentRefusal::Stale);
        }
        if self.note.as_deref() != note {
            self.change().note = note.map(str::to_owned);
        }
        Ok(())
    }

    /// Moves to a state by the provider's answer, which is no longer awaited.
    fn step(
        &mut self,
        from: &[PaymentState],
        to: PaymentState,
    ) -> Result<&mut StoredPayment, PaymentError> {
        if !from.contains(&self.state) {
            return Err(self.cannot_become(to));
        }
        let next = self.change();
        next.state = to;
        next.asked = false;
        Ok(next)
    }

    /// The only way to change a payment. All changes up to the next write are one version.
    fn change(&mut self) -> &mut StoredPayment {
        self.now.version = self.read_version + 1;
        &mut self.now
    }

    pub(super) fn cannot_become(&self, to: PaymentState) -> PaymentError {
        PaymentError::Transition {
            from: self.state,
            to,
        }
    }
}

/// Which payments a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub customer: Option<UserId>,
    pub order: Option<OrderId>,
    pub state: Option<PaymentState>,
    pub created: Period,
}

#[cfg(test)]
pub(crate) mod tests;
