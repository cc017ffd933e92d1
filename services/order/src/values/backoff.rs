//! How long to wait before another attempt. The spread is drawn by the caller, so that this stays a function.

use std::time::Duration;

use uuid::Uuid;

/// Doubles from `first` up to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

/// A draw from `[0, 1)`: what keeps a crowd from coming back at the same moment.
#[derive(Clone, Copy, Debug)]
pub struct Spread(f64);

impl Spread {
    /// Takes the last 16 of the random bits that a fresh `UUIDv7` carries.
    pub fn of(fresh: Uuid) -> Self {
        let [.., high, low] = *fresh.as_bytes();
        Self(f64::from(u16::from_be_bytes([high, low])) / 65_536.0)
    }
}

impl Backoff {
    /// The pause after so many attempts, from half of the full one to all of it.
    pub fn pause(&self, attempts: u32, spread: Spread) -> Duration {
        let doublings = attempts.saturating_sub(1).min(16);
        let full = self.first.saturating_mul(1 << doublings).min(self.most);
        full.mul_f64(0.5 + spread.0 / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most_and_spread_over_half() {
        let backoff = Backoff {
            first: Duration::from_millis(200),
            most: Duration::from_secs(30),
        };
        assert_eq!(backoff.pause(1, Spread(0.0)), Duration::from_millis(100));
        assert_eq!(backoff.pause(2, Spread(0.0)), Duration::from_millis(200));
        assert_eq!(
            backoff.pause(u32::MAX, Spread(0.0)),
            Duration::from_secs(15)
        );
        assert!(backoff.pause(u32::MAX, Spread(0.99)) < Duration::from_secs(30));
        assert!((0.0..1.0).contains(&Spread::of(Uuid::max()).0));
    }
}
