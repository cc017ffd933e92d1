//! How long to wait after a failed pass: longer with each failure of the same stack. kube has no such thing.

use crate::seen::StackKey;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

/// Failures in a row, by stack.
#[derive(Debug, Default)]
pub struct Retries(Mutex<HashMap<StackKey, u32>>);

impl Retries {
    /// Counts a failure and says how long to wait: 1 s, 2 s, 4 s … 5 min.
    pub fn failed(&self, stack: &StackKey) -> Duration {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(stack.clone()).or_default();
        let wait = FIRST
            .saturating_mul(2_u32.saturating_pow(*count))
            .min(LONGEST);
        *count = count.saturating_add(1);
        wait
    }

    pub fn succeeded(&self, stack: &StackKey) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(stack);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_begin_anew() {
        let (retries, stack) = (Retries::default(), ("shops".to_owned(), "shop".to_owned()));
        let waits: Vec<u64> = (0..10).map(|_| retries.failed(&stack).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        retries.succeeded(&stack);
        assert_eq!(retries.failed(&stack), FIRST);
    }
}
