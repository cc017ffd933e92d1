//! The clock, the ids that carry its time, and the jitter of pauses: the one place that asks the machine for any of
//! them, so that tests can hold each still.

mod jitter;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::jitter::Jitter;

/// The time and fresh ids, passed in as an argument wherever they are needed.
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
