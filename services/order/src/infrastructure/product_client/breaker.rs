//! Suspends calls to product for a moment after several consecutive failures, so that orders are refused at once instead of
//! queueing behind time-outs (ORDERS 15). After that one call probes whether product works again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const FAILURES: u32 = 5;
const REST: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    resting_until: Option<Instant>,
}

/// The permission for one call, whose result is to be reported. Dropped without a report, it does not count.
pub(super) struct Permit<'a>(&'a Breaker);

impl Breaker {
    pub(super) fn permit(&self) -> Option<Permit<'_>> {
        self.permit_at(Instant::now())
    }

    fn permit_at(&self, now: Instant) -> Option<Permit<'_>> {
        let mut state = self.state();
        if let Some(until) = state.resting_until {
            if now < until {
                return None;
            }
            // This call probes; the others stay suspended until its result is known.
            state.resting_until = Some(now + REST);
        }
        Some(Permit(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    pub(super) fn succeeded(self) {
        *self.0.state() = State::default();
    }

    pub(super) fn failed(self) {
        self.failed_at(Instant::now());
    }

    fn failed_at(self, now: Instant) {
        let mut state = self.0.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.resting_until = Some(now + REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_failures_in_a_row_it_rests_and_then_tries_with_one_call() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            breaker.permit_at(start).unwrap().failed_at(start);
        }
        assert!(breaker.permit_at(start).is_none());
        let later = start + REST;
        let trial = breaker.permit_at(later).unwrap();
        assert!(
            breaker.permit_at(later).is_none(),
            "one call tries, the others rest"
        );
        trial.succeeded();
        assert!(breaker.permit_at(later).is_some());
    }

    #[test]
    fn a_success_forgets_the_failures_before() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..3 {
            for _ in 1..FAILURES {
                breaker.permit_at(now).unwrap().failed_at(now);
            }
            breaker.permit_at(now).unwrap().succeeded();
        }
        assert!(breaker.permit_at(now).is_some());
    }
}
