//! What a round of the stock queue does for which of its turns.

use std::time::Duration;

use super::model::{Action, PayWindow, Turn};
use crate::orders::model::CancelReason;

/// How much longer than its order may be paid a hold lasts, so that a payment that began in time finds it.
const MARGIN: Duration = Duration::from_mins(2);

/// Turns for which the same is done, each with the details.
pub(super) type Group<'a, D> = Vec<(&'a Turn, D)>;

/// The turns of a round by what is done for them.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub(super) commits: Group<'a, ()>,
    pub(super) extends: Group<'a, Duration>,
    pub(super) releases: Group<'a, CancelReason>,
    pub(super) writes: Group<'a, Action>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(turns: &'a [Turn]) -> Self {
        let mut plan = Self::default();
        for turn in turns {
            match turn.item.next() {
                Action::CommitHold => plan.commits.push((turn, ())),
                Action::ExtendHold => plan.extends.push((turn, hold_for(turn))),
                Action::ReleaseHold(reason) => plan.releases.push((turn, reason)),
                action @ (Action::Authorise
                | Action::Capture
                | Action::Void
                | Action::Refund
                | Action::Confirm
                | Action::Cancel(_)
                | Action::RefuseCancellation
                | Action::Decide(_)
                | Action::RequestRefund { .. }
                | Action::RefundShortfall { .. }
                | Action::WaitForPayment
                | Action::WaitForShipment
                | Action::Finish) => plan.writes.push((turn, action)),
            }
        }
        plan
    }
}

fn hold_for(turn: &Turn) -> Duration {
    match turn.item.window {
        PayWindow::Open { left, .. } => left + MARGIN,
        PayWindow::Free | PayWindow::Over | PayWindow::LongOver => MARGIN,
    }
}
