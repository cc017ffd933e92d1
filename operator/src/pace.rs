//! When a stack is looked at again without cause: what is not watched may have changed.

pub mod backoff;
pub mod slots;

use crate::kube::per_stack::StackKey;
use backoff::{Attempts, doubling};
use backon::ExponentialBuilder;
use std::time::Duration;

/// Why a stack is looked at again; in metrics by the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// The cluster's definition lacks something.
    HeldBack,
    /// Another installation works on it; that one may stop.
    Elsewhere,
    /// It is not known whether another installation works.
    Undecided,
    /// What is in the way goes by itself and soon.
    Passing,
    /// The pass ended early, as the status says.
    Failed,
    /// Not even a status could be written.
    Unreported,
    /// Pods are not watched, and say why they do not start.
    Unready,
    /// Its audits are not known, or found something: the person who repairs it waits for the next look.
    Unsettled,
    Settled,
}

/// A Lease is renewed every few seconds.
const UNDECIDED: Duration = Duration::from_secs(4);
const HELD_BACK: Duration = Duration::from_mins(1);
const PASSING: Duration = Duration::from_secs(1);
const ELSEWHERE: ExponentialBuilder =
    doubling(Duration::from_millis(7_500), Duration::from_secs(30));
const FAILED: ExponentialBuilder = doubling(Duration::from_millis(500), HALF_OF_LONGEST);
const UNREADY: ExponentialBuilder = doubling(Duration::from_millis(2_500), HALF_OF_LONGEST);
/// No wait is shorter than what was read of audits stays fresh.
const UNSETTLED: ExponentialBuilder = doubling(Duration::from_secs(30), HALF_OF_LONGEST);
/// Without jitter, which may double it.
const HALF_OF_LONGEST: Duration = Duration::from_secs(150);

impl Reason {
    /// How long to wait; `resync` is the longest that a stack waits that could be worked on.
    pub fn wait(self, attempts: &Attempts, stack: &StackKey, resync: Duration) -> Duration {
        match self {
            Self::HeldBack => HELD_BACK,
            Self::Undecided => UNDECIDED,
            Self::Passing => PASSING,
            Self::Elsewhere => attempts.next(stack, self, &ELSEWHERE),
            Self::Failed | Self::Unreported => attempts.next(stack, self, &FAILED),
            Self::Unready => attempts.next(stack, self, &UNREADY).min(resync),
            Self::Unsettled => attempts.next(stack, self, &UNSETTLED).min(resync),
            Self::Settled => {
                attempts.forget(stack);
                resync
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = HALF_OF_LONGEST.saturating_mul(2);

    fn waits(reason: Reason, resync: Duration) -> Vec<Duration> {
        let (attempts, shop) = (Attempts::default(), ("shops".to_owned(), "shop".to_owned()));
        let waits = (0..12).map(|_| reason.wait(&attempts, &shop, resync));
        waits.collect()
    }

    /// A hundred stacks whose audits cannot be read were thousands of requests a minute.
    #[test]
    fn what_does_not_get_on_is_looked_at_less_and_less() {
        let resync = Duration::from_mins(10);
        for reason in [Reason::Failed, Reason::Unready, Reason::Unsettled] {
            let waits = waits(reason, resync);
            assert!(waits[0] <= Duration::from_mins(1), "{reason:?}");
            assert!(waits[11] >= LONGEST / 2, "{reason:?}");
            assert!(waits.iter().all(|wait| *wait <= LONGEST), "{reason:?}");
        }
    }

    #[test]
    fn a_stack_that_could_be_worked_on_waits_no_longer_than_the_resync() {
        let resync = Duration::from_secs(20);
        for reason in [Reason::Unready, Reason::Unsettled, Reason::Settled] {
            let waits = waits(reason, resync);
            assert!(waits.iter().all(|wait| *wait <= resync), "{reason:?}");
        }
    }

    #[test]
    fn failures_of_another_kind_and_after_a_stack_was_settled_has_short_waits_again() {
        let (attempts, shop) = (Attempts::default(), ("shops".to_owned(), "shop".to_owned()));
        let resync = Duration::from_mins(10);
        let first = Reason::Unsettled.wait(&attempts, &shop, resync);
        assert!(Reason::Unsettled.wait(&attempts, &shop, resync) > first);
        // One request that fails after many failures of another kind.
        assert!(Reason::Failed.wait(&attempts, &shop, resync) <= Duration::from_secs(1));
        Reason::Settled.wait(&attempts, &shop, resync);
        assert_eq!(Reason::Unsettled.wait(&attempts, &shop, resync), first);
    }
}
