//! The clock, ids that carry its time, and the jitter of pauses: the one place that asks the machine for any of them.
//! Each is an argument of the code that needs it, so that a test can hold it still.

mod jitter;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::jitter::Jitter;

#[derive(Clone, Copy, Debug)]
pub struct Clock(fn() -> DateTime<Utc>);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub const fn system() -> Self {
        Self(Utc::now)
    }

    pub const fn fixed(now: fn() -> DateTime<Utc>) -> Self {
        Self(now)
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

/// Fresh UUIDv7 (RFC 9562), which sort by the time they were made.
#[derive(Clone, Copy, Debug)]
pub struct Ids(fn() -> Uuid);

impl Ids {
    #[expect(clippy::disallowed_methods, reason = "this is the source of ids")]
    pub const fn system() -> Self {
        Self(Uuid::now_v7)
    }

    pub const fn fixed(uuid: fn() -> Uuid) -> Self {
        Self(uuid)
    }

    pub fn uuid(&self) -> Uuid {
        (self.0)()
    }
}
