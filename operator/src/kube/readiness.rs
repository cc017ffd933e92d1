//! Whether this process is ready: it watches the stacks that it manages, or waits for the Lease.

use crate::kube::scope::Scope;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The readiness of this process.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    election: ElectionState,
    /// Scopes whose stacks have not been listed yet.
    unknown: BTreeSet<Scope>,
    failing: Option<Failing>,
    /// Why the operator reconciles no stack.
    refusal: Option<String>,
}

/// The state of this process in the leader election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectionState {
    /// This process has to acquire the installation's Lease, which has not been read yet.
    Undecided,
    /// Another process holds it. A waiting process is ready: a rollout has to continue until it replaces the process
    /// that holds the Lease.
    Waiting,
    /// This process holds it, or none is used.
    Working,
}

/// A watch that reports errors, or a Lease that cannot be read.
#[derive(Debug)]
struct Failing {
    first: Instant,
    last: Instant,
    error: String,
}

/// A watch without an error for this long works. A failing watch retries within a minute, and a retry may take half a
/// minute to fail.
const QUIET: Duration = Duration::from_mins(3);
/// Shorter failures are not reported, since API servers restart.
const BRIEF: Duration = Duration::from_secs(10);

impl Readiness {
    pub fn new(scopes: &[Scope]) -> Self {
        Self(Arc::new(Mutex::new(State {
            election: ElectionState::Working,
            unknown: scopes.iter().cloned().collect(),
            failing: None,
            refusal: None,
        })))
    }

    /// Sets why the operator reconciles no stack; `None` if it does.
    pub fn refuses(&self, reason: Option<String>) {
        self.with(|state| state.refusal = reason);
    }

    /// The state in the leader election has changed, or was read again.
    pub fn enters(&self, election: ElectionState) {
        self.with(|state| {
            state.election = election;
            state.failing = None;
        });
    }

    /// All stacks of a scope have been listed.
    pub fn listed(&self, scope: &Scope) {
        self.with(|state| state.unknown.remove(scope));
    }

    /// A watch of stacks reported an event.
    pub fn works(&self) {
        self.with(|state| state.failing = None);
    }

    /// A watch of stacks reported an error.
    pub fn failed(&self, error: &str, now: Instant) {
        self.fails(format!("the stacks cannot be watched: {error}"), now);
    }

    /// The Lease cannot be acquired, regardless of its holder.
    pub fn lease_failed(&self, error: &str, now: Instant) {
        self.fails(
            format!("the operator's Lease cannot be acquired: {error}"),
            now,
        );
    }

    fn fails(&self, error: String, now: Instant) {
        self.with(|state| {
            let before = state.failing.take().filter(|before| before.goes_on(now));
            state.failing = Some(Failing {
                first: before.map_or(now, |before| before.first),
                last: now,
                error,
            });
        });
    }

    /// Why the operator does not watch or reconcile its stacks.
    pub fn obstacle(&self, now: Instant) -> Option<String> {
        self.with(|state| {
            if let Some(refusal) = &state.refusal {
                return Some(format!("reconciling is stopped: {refusal}"));
            }
            let failing = state.failing.as_ref().filter(|failing| {
                failing.goes_on(now) && failing.last.duration_since(failing.first) >= BRIEF
            });
            if let Some(failing) = failing {
                return Some(failing.error.clone());
            }
            match state.election {
                ElectionState::Undecided => {
                    Some("the operator's Lease has not been read yet".to_owned())
                }
                ElectionState::Waiting => None,
                ElectionState::Working if state.unknown.is_empty() => None,
                ElectionState::Working => Some("the stacks have not been listed yet".to_owned()),
            }
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Failing {
    fn goes_on(&self, now: Instant) -> bool {
        now.duration_since(self.last) < QUIET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_once_every_scope_is_listed_and_while_no_watch_keeps_failing() {
        let scopes = [Some("one".to_owned()), Some("two".to_owned())];
        let (readiness, start) = (Readiness::new(&scopes), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        readiness.listed(&scopes[0]);
        assert!(readiness.obstacle(at(0)).is_some());
        readiness.listed(&scopes[1]);
        assert_eq!(readiness.obstacle(at(0)), None);

        readiness.failed("no route", at(1));
        assert_eq!(readiness.obstacle(at(2)), None, "one error is no news");
        readiness.failed("no route", at(12));
        let obstacle = readiness.obstacle(at(13)).unwrap();
        assert_eq!(obstacle, "the stacks cannot be watched: no route");
        readiness.failed("no route", at(102));
        assert!(readiness.obstacle(at(103)).is_some(), "attempts take long");
        assert_eq!(readiness.obstacle(at(282)), None, "it works again");
        readiness.failed("no route", at(290));
        assert_eq!(readiness.obstacle(at(291)), None, "a failure of its own");
        readiness.failed("no route", at(301));
        assert!(readiness.obstacle(at(302)).is_some());
        readiness.works();
        assert_eq!(readiness.obstacle(at(302)), None);
    }

    /// A rollout waits for the new pod before it stops the old one, which holds the Lease.
    #[test]
    fn one_that_waits_for_the_lease_is_ready_and_one_that_cannot_read_it_is_not() {
        let scopes = [None];
        let (readiness, start) = (Readiness::new(&scopes), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        readiness.enters(ElectionState::Undecided);
        assert!(readiness.obstacle(at(0)).is_some());
        readiness.enters(ElectionState::Waiting);
        assert_eq!(readiness.obstacle(at(0)), None);
        readiness.lease_failed("forbidden", at(2));
        readiness.lease_failed("forbidden", at(12));
        let obstacle = readiness.obstacle(at(12)).unwrap();
        assert_eq!(
            obstacle,
            "the operator's Lease cannot be acquired: forbidden"
        );
        readiness.enters(ElectionState::Working);
        let obstacle = readiness.obstacle(at(13)).unwrap();
        assert_eq!(obstacle, "the stacks have not been listed yet");
        readiness.listed(&scopes[0]);
        assert_eq!(readiness.obstacle(at(13)), None);
    }
}
