//! A histogram of durations in the manner of `HdrHistogram`: buckets grow with the value, so that every duration is
//! kept to less than one percent, whatever its size, in a few kilobytes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Buckets to each doubling.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Durations in microseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    largest: u64,
}

impl Histogram {
    pub fn record(&mut self, duration: Duration) {
        self.record_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn record_micros(&mut self, micros: u64) {
        let bucket = bucket(micros);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.largest = self.largest.max(micros);
    }

    pub fn merge(&mut self, other: &Self) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.largest = self.largest.max(other.largest);
    }

    pub fn len(&self) -> u64 {
        self.total
    }

    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    pub fn largest_micros(&self) -> u64 {
        self.largest
    }

    /// The duration that so many thousandths do not exceed: 500 is the median, 990 the 99th percentile.
    pub fn micros_at(&self, per_mille: u64) -> u64 {
        let wanted = (self.total * per_mille.min(1_000)).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_end(bucket).min(self.largest);
            }
        }
        self.largest
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of requests")]
    pub fn millis_at(&self, per_mille: u64) -> f64 {
        self.micros_at(per_mille) as f64 / 1_000.0
    }
}

/// Below `STEPS` a bucket is a microsecond; from there on each doubling has `STEPS / 2` new buckets.
fn bucket(micros: u64) -> usize {
    let doublings = micros.max(1).ilog2().saturating_sub(STEP_BITS - 1);
    let within = micros >> doublings;
    usize::try_from(u64::from(doublings) * (STEPS / 2) + within).unwrap_or(usize::MAX)
}

/// The largest value of a bucket.
fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let doublings = bucket / (STEPS / 2) - 1;
    let within = bucket - doublings * (STEPS / 2);
    ((within + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn every_value_lies_in_its_bucket_and_within_two_percent_of_its_end() {
        let mut random = Random::seeded(1);
        for _ in 0..100_000 {
            let micros = random.number() >> (random.below(50) + 12);
            let bucket = bucket(micros);
            let end = upper_end(bucket);
            assert!(end >= micros, "{micros}: {end}");
            assert!(end - micros <= micros / 63, "{micros}: {end}");
            assert!(bucket == 0 || upper_end(bucket - 1) < micros, "{micros}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_values() {
        let mut random = Random::seeded(2);
        let mut histogram = Histogram::default();
        let mut values: Vec<u64> = (0..10_000).map(|_| random.number() % 1_000_000).collect();
        for value in &values {
            histogram.record_micros(*value);
        }
        values.sort_unstable();
        for per_mille in [1, 100, 500, 900, 990, 999] {
            let exact = values[usize::try_from(per_mille * 10 - 1).unwrap()];
            let read = histogram.micros_at(per_mille);
            assert!(
                read >= exact && read - exact <= exact / 63 + 1,
                "{per_mille}: {exact} {read}"
            );
        }
        assert_eq!(histogram.micros_at(1_000), values[9_999]);
    }

    #[test]
    fn merged_is_as_if_recorded_together() {
        let (mut one, mut other, mut both) = <(Histogram, Histogram, Histogram)>::default();
        for micros in 0..1_000 {
            if micros % 3 == 0 {
                &mut one
            } else {
                &mut other
            }
            .record_micros(micros * micros);
            both.record_micros(micros * micros);
        }
        one.merge(&other);
        assert_eq!(
            (one.counts, one.total, one.largest),
            (both.counts, both.total, both.largest)
        );
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Histogram::default().micros_at(990), 0);
    }
}
