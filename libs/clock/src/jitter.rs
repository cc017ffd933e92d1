use std::time::Duration;

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
