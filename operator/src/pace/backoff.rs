//! How long to wait for the next attempt with a stack that does not get on: longer each time. kube has no such thing.

use crate::{kube::apply_cache::StackKey, pace::Reason};
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Waits that double.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
}

/// Attempts in a row of which nothing came for one and the same reason, by stack.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<HashMap<StackKey, (Reason, u32)>>);

impl Attempts {
    /// Counts an attempt and says how long to wait. Stacks that began together soon look at different times.
    pub fn next(&self, stack: &StackKey, reason: Reason, backoff: &Backoff) -> Duration {
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = attempts.get(stack).filter(|(before, _)| *before == reason);
        let count = before.map_or(0, |(_, count)| *count);
        attempts.insert(stack.clone(), (reason, count.saturating_add(1)));
        backoff.wait(count, jitter(stack, count))
    }

    /// After something came of it.
    pub fn forget(&self, stack: &StackKey) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(stack);
    }
}

impl Backoff {
    /// From half of the full wait to all of it: stacks that began together are soon spread evenly.
    fn wait(&self, count: u32, jitter: f64) -> Duration {
        let full = self
            .first
            .saturating_mul(2_u32.saturating_pow(count))
            .min(self.longest);
        full.mul_f64(0.5 + jitter / 2.0)
    }
}

/// From 0 to 1, another for each stack and attempt.
fn jitter(stack: &StackKey, count: u32) -> f64 {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((stack, count));
    let [high, low, ..] = hash.to_be_bytes();
    f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_secs(4),
        longest: Duration::from_mins(5),
    };

    fn stack(name: &str) -> StackKey {
        ("shops".to_owned(), name.to_owned())
    }

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let waits: Vec<u64> = (0..8)
            .map(|count| BACKOFF.wait(count, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(BACKOFF.wait(u32::MAX, 0.0), Duration::from_secs(150));

        let (attempts, shop) = (Attempts::default(), stack("shop"));
        let first = attempts.next(&shop, Reason::Unready, &BACKOFF);
        assert!(attempts.next(&shop, Reason::Unready, &BACKOFF) > first);
        attempts.forget(&shop);
        assert_eq!(attempts.next(&shop, Reason::Unready, &BACKOFF), first);
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
        assert!(by_second.values().all(|looks| *looks <= 6), "{by_second:?}");
    }
}
