//! The order and the payment of an intent, locked together, with the rules of what may become of them (ORDERS 19, 20, 22,
//! 24). No method calls a provider: the saga acts on what is decided here.

use money::Money;

use super::{
    CaptureMode, IntentRefusal, NewPayment, NewRefund, Payment, PaymentDecision, PaymentState,
    Refund,
};
use crate::{
    orders::model::{NewEvent, OrderState, Status},
    values::{Actor, EventType, OrderId, PaymentId, Reader, RefundId, UserId},
};

/// Changed only by its own methods, which leave their [`Changes`] here to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderPayments {
    order: StoredOrder,
    /// Of each line; `None`: they were not read, and so the order cannot be cancelled.
    units: Option<Vec<LineShipping>>,
    /// The payment that the intent names.
    payment: Option<Payment>,
    changes: Changes,
}

/// What is stored of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOrder {
    pub id: OrderId,
    pub customer: UserId,
    pub state: OrderState,
    pub total: Money,
    /// It may be paid, as far as time goes.
    pub payable: bool,
    pub cancel_requested: bool,
}

/// How far the units of a line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineShipping {
    pub ordered: i64,
    /// Not in stock after all: never shipped.
    pub short: i64,
    pub shipped: i64,
    /// In shipments that product is being told of.
    pub leaving: i64,
}

/// What is to be written, all or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The order's new version, and the event that made it.
    pub version: Option<(OrderState, NewEvent)>,
    /// Who requests that the order be cancelled.
    pub cancellation: Option<UserId>,
    pub started: Option<StartedPayment>,
    pub payment: Option<Payment>,
    pub refund: Option<Refund>,
}

/// A payment of the whole order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedPayment {
    pub new: NewPayment,
    pub order: OrderId,
    pub customer: UserId,
    pub amount: Money,
}

/// The result of a request to cancel an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The saga is to act on it.
    Now,
    /// The order is cancelled, or about to be.
    Before,
}

impl LineShipping {
    /// Units are left to be cancelled.
    const fn stays(self) -> bool {
        self.ordered - self.short > self.shipped + self.leaving
    }
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl OrderPayments {
    pub fn stored(order: StoredOrder) -> Self {
        Self {
            order,
            units: None,
            payment: None,
            changes: Changes::default(),
        }
    }

    #[must_use]
    pub fn with_payment(self, payment: Payment) -> Self {
        Self {
            payment: Some(payment),
            ..self
        }
    }

    #[must_use]
    pub fn with_units(self, units: Vec<LineShipping>) -> Self {
        Self {
            units: Some(units),
            ..self
        }
    }

    pub fn may_be_seen_by(&self, reader: Reader) -> bool {
        reader.may_see(self.order.customer)
    }

    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Starts a payment of an order that waits for one. The database enforces that it is the only live one.
    pub fn start_payment(
        &mut self,
        new: &NewPayment,
        by: Actor,
    ) -> Result<PaymentId, IntentRefusal> {
        if !self.order.state.status.is_open() || !self.order.payable || self.order.cancel_requested
        {
            return Err(IntentRefusal::NotPayable);
        }
        let unpaid = PaymentState::Pending.of_order();
        let event = self.order.state.follow(unpaid, EventType::PaymentStarted);
        let event = NewEvent::new(event, by)
            .with("payment_id", new.id.0.to_string())
            .with("method", new.method.as_str())
            .with("amount_minor", self.order.total.minor);
        self.changes.version = Some((self.order.state, event));
        self.changes.started = Some(StartedPayment {
            new: new.clone(),
            order: self.order.id,
            customer: self.order.customer,
            amount: self.order.total,
        });
        Ok(new.id)
    }

    /// Gives the payment up before its money is taken; the order waits for another one.
    pub fn cancel_payment(&mut self) -> Result<(), IntentRefusal> {
        self.decide(PaymentDecision::Void)
    }

    /// Has the money taken that was set aside.
    pub fn capture_payment(&mut self) -> Result<(), IntentRefusal> {
        let payment = self.payment.as_ref().ok_or(IntentRefusal::NoPayment)?;
        let undecided = payment.state == PaymentState::Authorized && payment.decision.is_none();
        match payment.capture {
            _ if payment.state.is_captured() => Ok(()),
            // The saga does it by itself, once the stock is committed.
            CaptureMode::Automatic if undecided => Ok(()),
            // Stock before money.
            CaptureMode::Manual if undecided && self.order.state.status == Status::Pending => {
                Err(payment.cannot_become(PaymentState::Captured).into())
            }
            CaptureMode::Automatic | CaptureMode::Manual => self.decide(PaymentDecision::Capture),
        }
    }

    /// Sets aside what is to go back.
    pub fn refund(&mut self, new: &NewRefund, by: Actor) -> Result<RefundId, IntentRefusal> {
        let payment = self.payment.as_mut().ok_or(IntentRefusal::NoPayment)?;
        let (refund, event) = payment.open_refund(new)?;
        let event = self.order.state.record(event);
        let event = NewEvent::new(event, by)
            .with("payment_id", payment.id.0.to_string())
            .with("refund_id", refund.id.0.to_string())
            .with("amount_minor", refund.amount.minor);
        self.changes.version = Some((self.order.state, event));
        self.changes.payment = Some(payment.clone());
        self.changes.refund = Some(refund);
        Ok(new.id)
    }

    /// Requests that the order be cancelled. A repeated request changes nothing.
    pub fn request_cancellation(
        &mut self,
        user: UserId,
        by: Actor,
    ) -> Result<Asked, IntentRefusal> {
        if self.is_being_cancelled()? {
            return Ok(Asked::Before);
        }
        // Every unit has left, is about to, or fell short: there is nothing to cancel.
        if !self.units.iter().flatten().any(|line| line.stays()) {
            return Err(IntentRefusal::WhollyShipped);
        }
        self.order.cancel_requested = true;
        let event = self.order.state.record(EventType::OrderCancelRequested);
        self.changes.version = Some((self.order.state, NewEvent::new(event, by)));
        self.changes.cancellation = Some(user);
        Ok(Asked::Now)
    }

    /// Whether a request to cancel depends on which units have left.
    pub fn cancellation_depends_on_units(&self) -> bool {
        self.is_being_cancelled() == Ok(false)
    }

    /// It was requested before, or the order is cancelled already.
    fn is_being_cancelled(&self) -> Result<bool, IntentRefusal> {
        match self.order.state.status {
            Status::Completed => Err(IntentRefusal::NotCancellable(Status::Completed)),
            Status::Cancelled => Ok(true),
            Status::Pending | Status::Confirmed if self.order.state.wholly_shipped() => {
                Err(IntentRefusal::WhollyShipped)
            }
            Status::Pending | Status::Confirmed => Ok(self.order.cancel_requested),
        }
    }

    fn decide(&mut self, decision: PaymentDecision) -> Result<(), IntentRefusal> {
        let payment = self.payment.as_mut().ok_or(IntentRefusal::NoPayment)?;
        if payment.decide(decision)? {
            self.changes.payment = Some(payment.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
