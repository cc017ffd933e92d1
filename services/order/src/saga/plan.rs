//! What a round of the lane of stock does for which of its turns.

use super::model::{Action, Turn};
use crate::orders::model::CancelReason;

/// The turns of a round by what is done for them.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) commits: Vec<Turn>,
    pub(super) extends: Vec<Turn>,
    pub(super) releases: Vec<(Turn, CancelReason)>,
    pub(super) writes: Vec<(Turn, Action)>,
}

impl Plan {
    pub(super) fn of(turns: &[Turn]) -> Self {
        let mut plan = Self::default();
        for turn in turns.iter().cloned() {
            match turn.facts.next() {
                Action::CommitHold => plan.commits.push(turn),
                Action::ExtendHold => plan.extends.push(turn),
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
                | Action::WaitForParcel
                | Action::Finish) => plan.writes.push((turn, action)),
            }
        }
        plan
    }
}
