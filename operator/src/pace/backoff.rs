//! How long to wait for the next attempt with a stack that makes no progress: longer each time. kube has no such thing.

use crate::{
    kube::per_stack::{PerStack, StackKey},
    pace::Reason,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::{
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

/// Waits that double without end, up to the longest. Jitter adds up to as much again to each of them: stacks that began
/// together are soon spread evenly.
pub const fn doubling(first: Duration, longest: Duration) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
}

type Waits = <ExponentialBuilder as BackoffBuilder>::Backoff;

/// The waits between attempts in a row that made no progress for one and the same reason.
#[derive(Debug, Default)]
pub struct Attempts(PerStack<(Reason, Waits)>);

impl Attempts {
    /// Counts an attempt and says how long to wait. The jitter differs between stacks, and is the same in every process.
    pub fn next(&self, stack: &StackKey, reason: Reason, backoff: &ExponentialBuilder) -> Duration {
        let begin = || {
            let seed = BuildHasherDefault::<DefaultHasher>::default().hash_one(stack);
            (reason, backoff.with_jitter_seed(seed).build())
        };
        let next = self.0.with(|attempts| {
            let attempts = attempts.entry(stack.clone()).or_insert_with(begin);
            if attempts.0 != reason {
                *attempts = begin();
            }
            attempts.1.next()
        });
        next.unwrap_or_default()
    }

    /// After progress.
    pub fn forget(&self, stack: &StackKey) {
        self.0.remove(stack);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const BACKOFF: ExponentialBuilder = doubling(Duration::from_secs(2), Duration::from_secs(150));

    fn stack(name: &str) -> StackKey {
        ("shops".to_owned(), name.to_owned())
    }

    #[test]
    fn waits_double_up_to_the_longest_and_start_again() {
        let (attempts, shop) = (Attempts::default(), stack("shop"));
        let next = |reason| attempts.next(&shop, reason, &BACKOFF);
        let first = next(Reason::Unready);
        attempts.forget(&shop);
        for shortest in [2, 4, 8, 16, 32, 64, 128, 150, 150] {
            let shortest = Duration::from_secs(shortest);
            let wait = next(Reason::Unready);
            assert!(wait >= shortest && wait <= 2 * shortest, "{wait:?}");
        }
        attempts.forget(&shop);
        assert_eq!(next(Reason::Unready), first);
        next(Reason::Unready);
        assert_eq!(next(Reason::Failed), first);
    }

    /// A hundred that stand still, each looked at every five minutes: no second sees more than a few of them.
    #[test]
    fn stacks_that_began_together_look_at_different_times() {
        let mut at = [Duration::ZERO; 100];
        let attempts = Attempts::default();
        for _ in 0..10 {
            for (number, at) in at.iter_mut().enumerate() {
                *at += attempts.next(&stack(&format!("shop-{number}")), Reason::Unready, &BACKOFF);
            }
        }
        let mut by_second = HashMap::<u64, u32>::new();
        for at in at {
            *by_second.entry(at.as_secs()).or_default() += 1;
        }
        assert!(
            by_second.values().all(|url_checks| *url_checks <= 6),
            "{by_second:?}"
        );
    }
}
