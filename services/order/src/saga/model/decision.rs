//! What a saga does next: a pure function of the facts, so that any worker comes to the same decision, after any crash
//! (ORDERS 5, 19, 20, 22, 24).

use super::{Facts, PayWindow, Queue};
use crate::{
    orders::model::{CancelReason, Hold, Status},
    payments::model::{CaptureMode, PaymentDecision, PaymentState},
    values::states::states,
};

states! {
    /// What a saga does next, as its row says.
    Step {
        ExtendHold = "extend_hold",
        Authorise = "authorise",
        CommitHold = "commit_hold",
        Capture = "capture",
        Void = "void",
        Refund = "refund",
        ReleaseHold = "release_hold",
        Write = "write",
        Wait = "wait",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    // Calls to product, many orders at once.
    ExtendHold,
    CommitHold,
    /// Gives back what is not shipped; then the order is cancelled.
    ReleaseHold(CancelReason),
    // Calls to the provider.
    Authorise,
    Capture,
    Void,
    Refund,
    // Rows only.
    Confirm,
    Cancel(CancelReason),
    /// All units have been shipped: the request to cancel ends without effect.
    RefuseCancellation,
    Decide(PaymentDecision),
    /// Sets aside what is to go back of a cancelled order's payment.
    RequestRefund {
        minor: i64,
    },
    /// Sets aside what is to go back for units that fell short.
    RefundShortfall {
        minor: i64,
    },
    // Nothing.
    WaitForPayment,
    WaitForShipment,
    Finish,
}

impl Step {
    pub const fn queue(self) -> Queue {
        match self {
            Self::Authorise | Self::Capture | Self::Void | Self::Refund => Queue::Money,
            Self::ExtendHold | Self::CommitHold | Self::ReleaseHold | Self::Write | Self::Wait => {
                Queue::Stock
            }
        }
    }
}

impl Action {
    /// `None`: no step remains.
    pub const fn step(self) -> Option<Step> {
        Some(match self {
            Self::ExtendHold => Step::ExtendHold,
            Self::CommitHold => Step::CommitHold,
            Self::ReleaseHold(_) => Step::ReleaseHold,
            Self::Authorise => Step::Authorise,
            Self::Capture => Step::Capture,
            Self::Void => Step::Void,
            Self::Refund => Step::Refund,
            Self::Confirm
            | Self::Cancel(_)
            | Self::RefuseCancellation
            | Self::Decide(_)
            | Self::RequestRefund { .. }
            | Self::RefundShortfall { .. } => Step::Write,
            Self::WaitForPayment | Self::WaitForShipment => Step::Wait,
            Self::Finish => return None,
        })
    }
}

impl Facts {
    pub fn next(&self) -> Action {
        if self.cancel_requested && self.has_left() {
            return Action::RefuseCancellation;
        }
        match self.ending() {
            Some(reason) => self.wind_up(reason),
            None => self.go_on(),
        }
    }

    /// Why the order is cancelled, or ends before it is complete.
    fn ending(&self) -> Option<CancelReason> {
        match self.state.status {
            Status::Cancelled => {
                return Some(self.state.cancel_reason.unwrap_or(CancelReason::Requested));
            }
            // An order that was shipped is not cancelled; its goods come back as returns.
            Status::Pending | Status::Confirmed | Status::Completed if self.has_left() => {
                return None;
            }
            Status::Pending | Status::Confirmed | Status::Completed => {}
        }
        if self.hold == Hold::Lost {
            Some(CancelReason::Shortfall)
        } else if self.cancel_requested {
            Some(CancelReason::Requested)
        } else if self.is_expired() {
            Some(CancelReason::Expired)
        } else {
            None
        }
    }

    /// No unit remains that could be cancelled.
    fn has_left(&self) -> bool {
        match self.state.status {
            Status::Completed => true,
            Status::Pending | Status::Confirmed => self.state.wholly_shipped(),
            Status::Cancelled => false,
        }
    }

    /// Its payment window is over, and no payment is in progress.
    fn is_expired(&self) -> bool {
        let state = self.payment.as_ref().map(|payment| payment.state);
        match (self.window, state) {
            (PayWindow::Free | PayWindow::Open { .. }, _) | (PayWindow::Over, Some(_)) => false,
            (PayWindow::Over | PayWindow::LongOver, None) => true,
            (PayWindow::LongOver, Some(state)) => state == PaymentState::Pending,
        }
    }

    /// Stock is released before the money is returned, so that a failing provider does not withhold units.
    fn wind_up(&self, reason: CancelReason) -> Action {
        if let Some(decision) = self.decision_of_ending() {
            return Action::Decide(decision);
        }
        match self.hold {
            Hold::Held | Hold::Committed if self.state.wholly_shipped() => {}
            Hold::Held | Hold::Committed if self.shipments.under_way => {
                return Action::WaitForShipment;
            }
            Hold::Held | Hold::Committed => return Action::ReleaseHold(reason),
            Hold::Released | Hold::Lost => {}
        }
        if self.state.status != Status::Cancelled {
            return Action::Cancel(reason);
        }
        if let Some(action) = self.of_decided_payment() {
            return action;
        }
        let owed = self.owed_minor();
        if owed > 0 {
            return Action::RequestRefund { minor: owed };
        }
        self.of_refund().unwrap_or(Action::Finish)
    }

    fn go_on(&self) -> Action {
        let decided = self.of_decided_payment().or_else(|| self.of_refund());
        if let Some(action) = decided.or_else(|| self.of_shortfall()) {
            return action;
        }
        let payment = self
            .payment
            .as_ref()
            .map(|payment| (payment.state, payment));
        match (self.state.status, self.window, payment) {
            (Status::Pending | Status::Confirmed, _, Some((PaymentState::Pending, payment))) => {
                if payment.secured || self.hold == Hold::Committed {
                    Action::Authorise
                } else {
                    Action::ExtendHold
                }
            }
            // There is nothing to pay, or the money is authorized: the stock is committed now.
            (Status::Pending, PayWindow::Free, None)
            | (
                Status::Pending,
                _,
                Some((
                    PaymentState::Authorized
                    | PaymentState::Captured
                    | PaymentState::PartiallyRefunded
                    | PaymentState::Refunded,
                    _,
                )),
            ) => self.confirm(),
            (Status::Confirmed, _, Some((PaymentState::Authorized, payment))) => {
                match payment.capture {
                    CaptureMode::Automatic => Action::Decide(PaymentDecision::Capture),
                    CaptureMode::Manual => Action::Finish,
                }
            }
            (Status::Pending, PayWindow::Open { .. }, None)
                if !self.extended && self.hold == Hold::Held =>
            {
                Action::ExtendHold
            }
            (Status::Pending | Status::Confirmed, PayWindow::Open { .. }, None) => {
                Action::WaitForPayment
            }
            // An order whose window is over without a payment is ending, unless it was shipped.
            (
                Status::Pending | Status::Confirmed,
                PayWindow::Free | PayWindow::Over | PayWindow::LongOver,
                _,
            )
            | (Status::Confirmed, PayWindow::Open { .. }, Some(_))
            | (Status::Completed | Status::Cancelled, _, _)
            | (
                Status::Pending,
                PayWindow::Open { .. },
                Some((PaymentState::Failed | PaymentState::Voided, _)),
            ) => Action::Finish,
        }
    }

    fn confirm(&self) -> Action {
        match self.hold {
            Hold::Held => Action::CommitHold,
            Hold::Committed => Action::Confirm,
            // A lost hold ends the order before this point, and no hold of a live order is released.
            Hold::Lost | Hold::Released => Action::Cancel(CancelReason::Shortfall),
        }
    }

    /// A decided call comes before any other action of the payment.
    fn of_decided_payment(&self) -> Option<Action> {
        let payment = self.payment.as_ref()?;
        match (payment.state, payment.decision?) {
            (PaymentState::Authorized, PaymentDecision::Capture) => Some(Action::Capture),
            (PaymentState::Pending | PaymentState::Authorized, PaymentDecision::Void) => {
                Some(Action::Void)
            }
            (
                PaymentState::Pending
                | PaymentState::Captured
                | PaymentState::PartiallyRefunded
                | PaymentState::Refunded
                | PaymentState::Failed
                | PaymentState::Voided,
                _,
            ) => None,
        }
    }

    /// The pending amount shows it even where the refund itself was not read.
    fn of_refund(&self) -> Option<Action> {
        let under_way = self.payment.as_ref()?.refund_pending.minor > 0;
        under_way.then_some(Action::Refund)
    }

    /// The price of missing units is refunded, as far as the payment has that much left.
    fn of_shortfall(&self) -> Option<Action> {
        let payment = self.payment.as_ref()?;
        if !payment.state.is_captured() {
            return None;
        }
        let minor = self.shortfall_minor.min(payment.refundable().minor);
        (minor > 0).then_some(Action::RefundShortfall { minor })
    }

    /// The decision about the payment of an order that ends, if there is none yet.
    fn decision_of_ending(&self) -> Option<PaymentDecision> {
        let payment = self.payment.as_ref()?;
        if payment.decision.is_some() {
            return None;
        }
        match payment.state {
            // The shipped units are paid for; the rest is refunded.
            PaymentState::Authorized if self.shipments.any_shipped => {
                Some(PaymentDecision::Capture)
            }
            PaymentState::Pending | PaymentState::Authorized => Some(PaymentDecision::Void),
            PaymentState::Captured
            | PaymentState::PartiallyRefunded
            | PaymentState::Refunded
            | PaymentState::Failed
            | PaymentState::Voided => None,
        }
    }

    /// What a cancelled order's payment owes the customer: all of it, or the price of the unshipped units.
    fn owed_minor(&self) -> i64 {
        let Some(payment) = &self.payment else {
            return 0;
        };
        if !payment.state.is_captured() || self.cancellation_refunded {
            return 0;
        }
        let left = payment.refundable().minor;
        if self.shipments.any_shipped {
            left.min(self.shipments.unshipped_minor)
        } else {
            left
        }
    }
}

#[cfg(test)]
mod tests;
