//! The clock, ids that carry its time, and the jitter of pauses: the one place that asks the machine for any of them.
//! Each is an argument of the code that needs it, so that a test can hold the clock and the jitter still.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

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

    pub fn uuid(&self) -> Uuid {
        (self.0)()
    }
}

/// Shortens a pause at random, so that callers which failed together do not retry together.
#[derive(Clone, Copy, Debug)]
pub struct Jitter(Source);

#[derive(Clone, Copy, Debug)]
enum Source {
    Random,
    Fixed(f64),
}

impl Jitter {
    pub const fn random() -> Self {
        Self(Source::Random)
    }

    /// Always this fraction of the random part: 0 for the shortest pauses, 1 for full ones.
    pub const fn fixed(fraction: f64) -> Self {
        Self(Source::Fixed(fraction))
    }

    /// From half of the full pause to all of it.
    pub fn apply(self, full: Duration) -> Duration {
        full / 2 + self.up_to(full / 2)
    }

    /// From nothing to this.
    pub fn up_to(self, longest: Duration) -> Duration {
        longest.mul_f64(match self.0 {
            Source::Random => rand::random(),
            Source::Fixed(fraction) => fraction,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_from_half_of_itself_to_all_of_it() {
        let full = Duration::from_secs(2);
        assert_eq!(Jitter::fixed(0.0).apply(full), full / 2);
        assert_eq!(Jitter::fixed(1.0).apply(full), full);
        for _ in 0..1_000 {
            let pause = Jitter::random().apply(full);
            assert!((full / 2..full).contains(&pause), "{pause:?}");
        }
    }
}
