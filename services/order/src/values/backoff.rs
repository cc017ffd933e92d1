//! How long to wait before another attempt.

use std::time::Duration;

use clock::Jitter;

/// Doubles from `first` up to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

impl Backoff {
    /// The pause after so many attempts.
    pub fn pause(&self, attempts: u32, jitter: Jitter) -> Duration {
        let doublings = attempts.saturating_sub(1).min(16);
        jitter.apply(self.first.saturating_mul(1 << doublings).min(self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most() {
        let backoff = Backoff {
            first: Duration::from_millis(200),
            most: Duration::from_secs(30),
        };
        let shortest = |attempts| backoff.pause(attempts, Jitter::fixed(0.0));
        assert_eq!(shortest(1), Duration::from_millis(100));
        assert_eq!(shortest(2), Duration::from_millis(200));
        assert_eq!(shortest(u32::MAX), Duration::from_secs(15));
        let longest = backoff.pause(u32::MAX, Jitter::fixed(1.0));
        assert_eq!(longest, Duration::from_secs(30));
    }
}
