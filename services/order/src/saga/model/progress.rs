//! What the outcome of a saga's action means for its order and payment: pure, with one method for each outcome. The result is
//! written as a whole, under the fence, if order and payment still have the versions that were read.

use std::time::Duration;

use money::Money;

use super::{
    Action, Change, CommitOutcome, ExtendOutcome, Facts, Next, PayWindow, Queue, Settlement, Step,
    Turn,
};
use crate::{
    orders::model::{CancelReason, Hold, Status, TransitionError},
    payments::model::{
        CaptureMode, NewRefund, Payment, PaymentDecision, PaymentError, PaymentState,
        ProviderReference, Refund, RefundCause, RefundState, RefusalReason,
    },
    values::{EventType, RefundId},
};

/// How soon an order with a shipment in progress is looked at again.
const SHIPMENT: Duration = Duration::from_millis(500);

/// A turn on its way to a settlement.
#[derive(Clone, Debug)]
pub struct Progress {
    turn: Turn,
    facts: Facts,
    changes: Vec<Change>,
    hold_for: Option<Duration>,
    refund: Option<Refund>,
    /// How long to wait before the provider is called again; its result is missing.
    ask_after: Option<Duration>,
    /// The provider is still processing the call: repeating it counts as progress.
    pending: bool,
}

/// A state that the rows rule out: the saga needs manual intervention.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Impossible {
    #[error(transparent)]
    Order(#[from] TransitionError),
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error("no such payment or refund")]
    Nothing,
}

impl Progress {
    pub fn of(turn: Turn) -> Self {
        Self {
            facts: turn.item.clone(),
            turn,
            changes: Vec::new(),
            hold_for: None,
            refund: None,
            ask_after: None,
            pending: false,
        }
    }

    pub fn turn(&self) -> &Turn {
        &self.turn
    }

    /// The stock is committed and with it the order confirmed; the money may be taken.
    pub fn committed(self, outcome: CommitOutcome) -> Result<Self, Impossible> {
        match outcome {
            CommitOutcome::Committed => self.confirm(),
            CommitOutcome::Lost | CommitOutcome::Gone => self.lost(),
        }
    }

    pub fn extended(
        mut self,
        outcome: ExtendOutcome,
        hold_for: Duration,
    ) -> Result<Self, Impossible> {
        match outcome {
            ExtendOutcome::Extended => self.hold_for = Some(hold_for),
            // An earlier attempt committed it and did not record that.
            ExtendOutcome::Committed => self.facts.hold = Hold::Committed,
            ExtendOutcome::Lost | ExtendOutcome::Gone => return self.lost(),
        }
        self.facts.extended = true;
        if let Some(payment) = &mut self.facts.payment {
            payment.secure();
        }
        Ok(self)
    }

    /// All units that are not shipped were released.
    pub fn released(mut self, reason: CancelReason) -> Result<Self, Impossible> {
        self.facts.hold = Hold::Released;
        self.cancel(reason)
    }

    pub fn confirm(mut self) -> Result<Self, Impossible> {
        self.facts.hold = Hold::Committed;
        if let Some(event) = self.facts.state.confirm()? {
            self.change(event, false);
        }
        if let Some(payment) = &mut self.facts.payment
            && payment.state == PaymentState::Authorized
            && payment.decision.is_none()
        {
            match payment.capture {
                CaptureMode::Automatic => {
                    payment.decide(PaymentDecision::Capture)?;
                }
                CaptureMode::Manual => {}
            }
        }
        Ok(self)
    }

    pub fn cancel(mut self, reason: CancelReason) -> Result<Self, Impossible> {
        if let Some(event) = self.facts.state.cancel(reason)? {
            self.change(event, false);
        }
        Ok(self)
    }

    /// The request to cancel came too late: it ends here, with an event for the requester.
    #[must_use]
    pub fn refuse_cancellation(mut self) -> Self {
        self.facts.cancel_requested = false;
        let event = self.facts.state.record(EventType::OrderCancelRefused);
        self.change(event, false);
        self
    }

    pub fn decide(mut self, decision: PaymentDecision) -> Result<Self, Impossible> {
        self.payment()?.decide(decision)?;
        Ok(self)
    }

    pub fn authorised(mut self, reference: ProviderReference) -> Result<Self, Impossible> {
        let event = self.payment()?.authorize(reference)?;
        self.follow(event);
        Ok(self)
    }

    /// The provider refused to authorize or to capture. The order stays payable while its window lasts.
    pub fn refused(mut self, reason: RefusalReason) -> Result<Self, Impossible> {
        let event = self.payment()?.fail(reason)?;
        self.follow(event);
        Ok(self)
    }

    /// The provider's result will arrive later.
    #[must_use]
    pub fn pending(self, reference: Option<ProviderReference>, again: Duration) -> Self {
        Self {
            pending: true,
            ..self.unanswered(reference, again)
        }
    }

    /// The provider's response was lost.
    #[must_use]
    pub fn unanswered(mut self, reference: Option<ProviderReference>, again: Duration) -> Self {
        if let Some(payment) = &mut self.facts.payment {
            payment.await_answer(reference);
        }
        self.ask_after = Some(again);
        self
    }

    pub fn captured(mut self) -> Result<Self, Impossible> {
        let event = self.payment()?.capture()?;
        self.follow(event);
        let event = self.facts.state.record(EventType::OrderPaid);
        self.change(event, false);
        Ok(self)
    }

    pub fn voided(mut self) -> Result<Self, Impossible> {
        let event = self.payment()?.void()?;
        self.follow(event);
        Ok(self)
    }

    /// Reserves the refund of a cancelled order.
    pub fn request_refund(mut self, id: RefundId, minor: i64) -> Result<Self, Impossible> {
        self.set_aside(id, minor, RefundCause::Cancelled, None)?;
        self.facts.cancellation_refunded = true;
        Ok(self)
    }

    /// Reserves the refund of missing units; the rest of the order continues.
    pub fn refund_shortfall(mut self, id: RefundId, minor: i64) -> Result<Self, Impossible> {
        // The release before knows no cause of its own for it.
        let reason = Some("shortfall".to_owned());
        self.set_aside(id, minor, RefundCause::Requested, reason)?;
        self.facts.shortfall_minor -= minor;
        Ok(self)
    }

    fn set_aside(
        &mut self,
        id: RefundId,
        minor: i64,
        cause: RefundCause,
        reason: Option<String>,
    ) -> Result<(), Impossible> {
        let payment = self.payment()?;
        let amount = Money::new(minor, payment.amount.currency);
        let (refund, event) = payment.open_refund(&NewRefund {
            id,
            amount: Some(amount),
            cause,
            reason,
        })?;
        self.refund = Some(refund);
        self.facts.refund.clone_from(&self.refund);
        let event = self.facts.state.record(event);
        self.change(event, false);
        Ok(())
    }

    pub fn refunded(mut self) -> Result<Self, Impossible> {
        let (payment, refund) = self.refund_under_way()?;
        let event = payment.refund(refund.amount)?;
        refund.succeed();
        self.refund_ended(event);
        Ok(self)
    }

    pub fn refund_refused(mut self, reason: RefusalReason) -> Result<Self, Impossible> {
        let (payment, refund) = self.refund_under_way()?;
        let event = payment.refund_refused(refund.amount);
        refund.fail(reason);
        self.refund_ended(event);
        Ok(self)
    }

    /// What is to be written.
    pub fn settlement(&self) -> Settlement {
        let read = &self.turn.item;
        let payment = (self.facts.payment != read.payment)
            .then_some(self.facts.payment.clone())
            .flatten();
        Settlement {
            lease: self.turn.lease,
            read_version: read.state.version,
            hold: self.facts.hold,
            next: self.next(),
            changes: self.changes.clone(),
            hold_for: self.hold_for,
            payment,
            refund: self.refund.clone(),
            progressed: self.ask_after.is_none() || self.pending,
            ends_cancellation: read.cancel_requested && !self.facts.cancel_requested,
            shortfall_refunded_minor: read.shortfall_minor - self.facts.shortfall_minor,
        }
    }

    fn next(&self) -> Next {
        let action = self.after().next();
        let Some(step) = action.step() else {
            return Next::Finished;
        };
        if let Some(pause) = self.ask_after {
            return Next::After(step, pause);
        }
        match (action, self.facts.window) {
            (Action::WaitForPayment, PayWindow::Open { until, .. }) => Next::At(step, until),
            (Action::WaitForShipment, _) => Next::After(step, SHIPMENT),
            _ => Next::Now(step),
        }
    }

    /// The facts as the next turn will read them: without payments and refunds that have ended.
    pub(super) fn after(&self) -> Facts {
        let mut facts = self.facts.clone();
        facts.payment = facts.payment.filter(|payment| payment.state.is_live());
        facts.refund = facts
            .refund
            .filter(|refund| refund.state == RefundState::Pending);
        facts
    }

    fn lost(mut self) -> Result<Self, Impossible> {
        self.facts.hold = Hold::Lost;
        let undecided =
            |payment: &&mut Payment| payment.decision.is_none() && payment.state.is_live();
        if let Some(payment) = self.facts.payment.as_mut().filter(undecided)
            && !payment.state.is_captured()
        {
            payment.decide(PaymentDecision::Void)?;
        }
        match self.facts.state.status {
            Status::Pending | Status::Confirmed => self.cancel(CancelReason::Shortfall),
            Status::Completed | Status::Cancelled => Ok(self),
        }
    }

    fn payment(&mut self) -> Result<&mut Payment, Impossible> {
        self.facts.payment.as_mut().ok_or(Impossible::Nothing)
    }

    fn refund_under_way(&mut self) -> Result<(&mut Payment, &mut Refund), Impossible> {
        self.facts
            .payment
            .as_mut()
            .zip(self.facts.refund.as_mut())
            .ok_or(Impossible::Nothing)
    }

    fn refund_ended(&mut self, event: EventType) {
        self.refund.clone_from(&self.facts.refund);
        self.follow(event);
    }

    /// The order records the new state of its payment.
    fn follow(&mut self, event: EventType) {
        if let Some(payment) = &self.facts.payment {
            self.facts.state.follow(payment.state.of_order(), event);
        }
        self.change(event, true);
    }

    fn change(&mut self, event: EventType, by_provider: bool) {
        self.changes.push(Change {
            state: self.facts.state,
            event,
            by_provider,
        });
    }
}

impl Next {
    /// The queue in which it is due now.
    pub fn due_in(self) -> Option<Queue> {
        match self {
            Self::Now(step) => Some(step.queue()),
            Self::Finished | Self::At(..) | Self::After(..) => None,
        }
    }

    pub const fn step(self) -> Option<Step> {
        match self {
            Self::Finished => None,
            Self::Now(step) | Self::At(step, _) | Self::After(step, _) => Some(step),
        }
    }
}
