//! Durations of requests with a relative precision of a thousandth.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Durations in microseconds. It is serialized as the recorded values, each with its count.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Histogram(hdrhistogram::Histogram<u64>);

/// No request is waited for that long; a longer duration is recorded as this one.
const LONGEST: Duration = Duration::from_hours(1);
const SIGNIFICANT_FIGURES: u8 = 3;

impl Histogram {
    pub fn record(&mut self, duration: Duration) {
        self.record_micros(to_micros(duration));
    }

    pub fn record_micros(&mut self, micros: u64) {
        self.0.saturating_record(micros);
    }

    /// The duration that this many thousandths of all do not exceed: 500 is the median, 990 the 99th percentile.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of requests")]
    pub fn millis_at(&self, per_mille: u32) -> f64 {
        self.0.value_at_quantile(f64::from(per_mille) / 1_000.0) as f64 / 1_000.0
    }
}

impl Default for Histogram {
    fn default() -> Self {
        let empty = hdrhistogram::Histogram::new_with_max(to_micros(LONGEST), SIGNIFICANT_FIGURES);
        Self(empty.expect("bounds that are constants"))
    }
}

impl From<Vec<(u64, u64)>> for Histogram {
    fn from(counts: Vec<(u64, u64)>) -> Self {
        let mut histogram = Self::default();
        for (micros, count) in counts {
            histogram.0.saturating_record_n(micros, count);
        }
        histogram
    }
}

impl From<Histogram> for Vec<(u64, u64)> {
    fn from(histogram: Histogram) -> Self {
        let recorded = histogram.0.iter_recorded();
        recorded
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect()
    }
}

fn to_micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_values_also_after_serialization() {
        let mut random = SmallRng::seed_from_u64(2);
        let mut histogram = Histogram::default();
        let mut values: Vec<u64> = (0..10_000)
            .map(|_| random.random_range(0..1_000_000))
            .collect();
        for value in &values {
            histogram.record_micros(*value);
        }
        values.sort_unstable();
        let sent = serde_json::to_string(&histogram).unwrap();
        let received: Histogram = serde_json::from_str(&sent).unwrap();
        for per_mille in [1, 100, 500, 900, 990, 999, 1_000] {
            let exact = Duration::from_micros(values[per_mille as usize * 10 - 1]);
            let exact = exact.as_secs_f64() * 1e3;
            let read = histogram.millis_at(per_mille);
            assert!(
                read >= exact && read - exact <= exact / 1_000.0 + 0.001,
                "{per_mille}: {exact} {read}"
            );
            assert_eq!(read.to_bits(), received.millis_at(per_mille).to_bits());
        }
    }

    #[test]
    fn a_longer_duration_is_recorded_as_the_longest() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::MAX);
        assert!(histogram.millis_at(1_000) >= LONGEST.as_secs_f64() * 1e3);
    }

    #[test]
    fn an_empty_histogram_reads_zero() {
        assert_eq!(Histogram::default().millis_at(990).to_bits(), 0);
    }
}
