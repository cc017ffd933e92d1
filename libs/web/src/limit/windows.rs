//! Requests by key within windows of time, counted in this process and in bounded memory.
//!
//! A window is never evicted before its end: otherwise a client with many keys could evict the one that it has
//! used up. Once there is no room, new keys share a few thousand counters until windows end. (The maintained crates
//! either grow without bound or evict.)

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Exceeded, Policy, Quota};

/// Keys with a counter of their own; some 3 MiB when all are taken.
const MAX_KEYS: usize = 65_536;
/// Counters that further keys share.
const SHARED: usize = 4_096;
/// A search for ended windows reads all of them: no more often than this.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// Counts by key. Clones share their counters.
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    /// Random for each process, so that a client cannot choose keys that share the counter of another.
    hasher: RandomState,
    windows: Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    own: HashMap<u64, Window>,
    /// Empty until it is needed.
    shared: Vec<Option<Window>>,
    swept: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    started: Instant,
    requests: u32,
}

impl Limiter {
    pub fn new(policy: Policy) -> Self {
        Self(Arc::new(Inner {
            policy,
            hasher: RandomState::new(),
            windows: Mutex::default(),
        }))
    }

    pub fn policy(&self) -> Policy {
        self.0.policy
    }

    /// Counts one request.
    pub fn count(&self, key: impl Hash, now: Instant) -> Result<Quota, Exceeded> {
        let Policy { limit, window, .. } = self.0.policy;
        let mut windows = self.lock();
        let counted = windows.of(self.0.hasher.hash_one(key), now, window);
        counted.requests = counted.requests.saturating_add(1);
        let quota = Quota {
            policy: self.0.policy,
            remaining: limit.saturating_sub(counted.requests),
            reset_seconds: seconds_up(window.saturating_sub(now.duration_since(counted.started))),
        };
        if counted.requests > limit {
            Err(Exceeded(quota))
        } else {
            Ok(quota)
        }
    }

    /// Takes back one request that was counted a moment ago.
    pub fn give_back(&self, key: impl Hash, now: Instant) {
        let mut windows = self.lock();
        let counted = windows.of(self.0.hasher.hash_one(key), now, self.0.policy.window);
        counted.requests = counted.requests.saturating_sub(1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Windows> {
        self.0
            .windows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Windows {
    /// The current window of this key.
    fn of(&mut self, key: u64, now: Instant, length: Duration) -> &mut Window {
        let fresh = Window {
            started: now,
            requests: 0,
        };
        let window = if self.own.contains_key(&key) || self.has_room(now, length) {
            self.own.entry(key).or_insert(fresh)
        } else {
            self.shared.resize(SHARED, None);
            // Hashed already: any bits do.
            let place = usize::try_from(key % SHARED as u64).unwrap_or_default();
            self.shared[place].get_or_insert(fresh)
        };
        if now.duration_since(window.started) >= length {
            *window = fresh;
        }
        window
    }

    fn has_room(&mut self, now: Instant, length: Duration) -> bool {
        if self.own.len() < MAX_KEYS {
            return true;
        }
        if self
            .swept
            .is_none_or(|swept| now.duration_since(swept) >= SWEEP_PAUSE)
        {
            self.swept = Some(now);
            self.own
                .retain(|_, window| now.duration_since(window.started) < length);
        }
        self.own.len() < MAX_KEYS
    }
}

fn seconds_up(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn limiter(limit: u32) -> Limiter {
        Limiter::new(Policy {
            name: "test",
            limit,
            window: MINUTE,
        })
    }

    fn fill(limiter: &Limiter, now: Instant) {
        for key in 0..MAX_KEYS {
            limiter.count(("other", key), now).unwrap();
        }
    }

    #[test]
    fn a_window_ends_after_its_time() {
        let (limiter, now) = (limiter(2), Instant::now());
        assert_eq!(limiter.count("ann", now).unwrap().remaining, 1);
        assert!(limiter.count("ann", now).is_ok());
        let late = now + Duration::from_secs(59);
        assert_eq!(limiter.count("ann", late).unwrap_err().0.reset_seconds, 1);
        assert!(limiter.count("ben", now).is_ok(), "another counts apart");
        assert!(limiter.count("ann", now + MINUTE).is_ok());
    }

    #[test]
    fn what_is_given_back_may_be_used_again() {
        let (limiter, now) = (limiter(1), Instant::now());
        for _ in 0..3 {
            assert!(limiter.count("ann", now).is_ok());
            limiter.give_back("ann", now);
        }
        limiter.give_back("ann", now);
        assert!(limiter.count("ann", now).is_ok());
        assert!(limiter.count("ann", now).is_err());
    }

    #[test]
    fn many_keys_do_not_push_out_the_one_that_is_used_up() {
        let (limiter, now) = (limiter(1), Instant::now());
        assert!(limiter.count("attacker", now).is_ok());
        fill(&limiter, now);
        for key in 0..3 * MAX_KEYS {
            let _ = limiter.count(("more", key), now);
        }
        assert!(limiter.count("attacker", now).is_err());
    }

    #[test]
    fn memory_is_bounded_and_free_again_after_a_window() {
        let (limiter, now) = (limiter(1), Instant::now());
        fill(&limiter, now);
        let mut refused = 0;
        for key in 0..2 * SHARED {
            refused += usize::from(limiter.count(("more", key), now).is_err());
        }
        assert!(refused >= SHARED, "{refused} found their counter used up");
        {
            let windows = limiter.lock();
            assert_eq!(
                (windows.own.len(), windows.shared.len()),
                (MAX_KEYS, SHARED)
            );
        }
        assert!(limiter.count("new", now + MINUTE).is_ok());
        assert_eq!(limiter.lock().own.len(), 1);
    }
}
