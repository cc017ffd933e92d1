//! The right to work on a row that other workers look at too (ORDERS 19).

use std::time::Duration;

use clock::Jitter;

use super::Backoff;

/// The right to carry one row on. Each later holder has a higher fence, and then this one writes nothing.
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
    /// As it was taken; `attempts`: this one among them.
    pub fn stored(id: Id, fence: i64, attempts: i32, item: T) -> Self {
        Self {
            lease: Lease { id, fence },
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            item,
        }
    }

    pub fn postponed(&self, retries: Backoff, jitter: Jitter, reason: String) -> Postponement<Id> {
        Postponement {
            lease: self.lease,
            pause: retries.pause(self.attempts, jitter),
            reason,
        }
    }
}
