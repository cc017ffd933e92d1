//! The clock, and the ids that carry its time: the one place that asks the machine for either.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Passed to whoever needs the time or a fresh id, so that tests can hold both still.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: fn() -> DateTime<Utc>,
    uuid: fn() -> Uuid,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub const fn system() -> Self {
        Self {
            now: Utc::now,
            uuid: Uuid::now_v7,
        }
    }

    pub const fn fixed(now: fn() -> DateTime<Utc>, uuid: fn() -> Uuid) -> Self {
        Self { now, uuid }
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// A fresh UUIDv7 (RFC 9562): sorted by the time it was made.
    pub fn uuid(&self) -> Uuid {
        (self.uuid)()
    }
}
