//! The right to work on a row that other workers look at too (ORDERS 19).

use std::time::Duration;

use clock::Jitter;

use super::Backoff;

/// Between attempts at one row.
const RETRIES: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(30),
};

/// The right to work on one row. A later lease of the row has a higher fence, and then this one writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<Id> {
    pub id: Id,
    pub fence: i64,
}

/// What was taken with a row, and the attempts so far with this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased<Id, T> {
    pub lease: Lease<Id>,
    pub attempts: u32,
    pub item: T,
}

/// Another attempt after a pause, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postponement<Id> {
    pub lease: Lease<Id>,
    pub pause: Duration,
    pub reason: String,
}

impl<Id: Copy, T> Leased<Id, T> {
    /// How long the row waits for another attempt.
    pub fn pause(&self, jitter: Jitter) -> Duration {
        RETRIES.pause(self.attempts, jitter)
    }

    pub fn postponed(&self, jitter: Jitter, reason: String) -> Postponement<Id> {
        Postponement {
            lease: self.lease,
            pause: self.pause(jitter),
            reason,
        }
    }

    /// The same row with something else.
    pub fn with<U>(&self, item: U) -> Leased<Id, U> {
        Leased {
            lease: self.lease,
            attempts: self.attempts,
            item,
        }
    }
}
