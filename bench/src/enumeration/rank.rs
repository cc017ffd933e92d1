//! The test of Mann and Whitney: does one of two samples tend to be larger? It makes no assumption of how durations are
//! distributed, and single slow calls do not decide it.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The probability that a call of the first sample takes longer than one of the second: 0.5 if they are alike.
    pub auc: f64,
    /// Two-sided, by the normal approximation with the correction for ties.
    pub p: f64,
}

impl Comparison {
    /// `None` if a sample is empty.
    pub fn of(first: &[u64], second: &[u64]) -> Option<Self> {
        let (first_count, second_count) = (float(first.len()), float(second.len()));
        let pairs = first_count * second_count;
        if pairs < 1.0 {
            return None;
        }
        let mut all: Vec<(u64, bool)> = first.iter().map(|value| (*value, true)).collect();
        all.extend(second.iter().map(|value| (*value, false)));
        all.sort_unstable();

        let (mut ranks_of_first, mut ties, mut before) = (0.0, 0.0, 0.0);
        for equal in all.chunk_by(|one, next| one.0 == next.0) {
            let count = float(equal.len());
            let rank = before + f64::midpoint(1.0, count);
            let of_first = equal.iter().filter(|(_, is_first)| *is_first).count();
            ranks_of_first += rank * float(of_first);
            ties += count.powi(3) - count;
            before += count;
        }
        let u = ranks_of_first - first_count * f64::midpoint(first_count, 1.0);
        let total = first_count + second_count;
        let variance = pairs / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
        let p = if variance > 0.0 {
            let z = (u - pairs / 2.0) / variance.sqrt();
            complementary_error(z.abs() / std::f64::consts::SQRT_2)
        } else {
            1.0
        };
        Some(Self { auc: u / pairs, p })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand calls")]
fn float(count: usize) -> f64 {
    count as f64
}

/// The complementary error function for `x >= 0` by the approximation 7.1.26 of Abramowitz and Stegun, whose error is below 1.5e-7.
fn complementary_error(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 5] = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial = COEFFICIENTS
        .iter()
        .fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    (polynomial * (-x * x).exp()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
    }

    #[test]
    fn samples_that_do_not_overlap_are_at_the_ends() {
        let smaller = Comparison::of(&[1, 2, 3], &[4, 5, 6]).unwrap();
        close(smaller.auc, 0.0);
        // z = -4.5 / √5.25
        close(smaller.p, 0.0495);
        let larger = Comparison::of(&[4, 5, 6], &[1, 2, 3]).unwrap();
        close(larger.auc, 1.0);
        close(larger.p, smaller.p);
    }

    #[test]
    fn ties_share_their_ranks_and_reduce_the_variance() {
        let comparison = Comparison::of(&[1, 2, 2, 3], &[2, 3, 3, 4]).unwrap();
        close(comparison.auc, 3.0 / 16.0);
        // z = -5 / √(16/12 × (9 − 48/56))
        close(comparison.p, 0.1292);
    }

    #[test]
    fn equal_samples_are_alike() {
        let comparison = Comparison::of(&[7, 7, 7], &[7, 7]).unwrap();
        close(comparison.auc, 0.5);
        close(comparison.p, 1.0);
        let spread = Comparison::of(&[1, 2, 3], &[1, 2, 3]).unwrap();
        close(spread.auc, 0.5);
        close(spread.p, 1.0);
        assert_eq!(Comparison::of(&[], &[1]), None);
    }

    #[test]
    fn a_small_shift_of_large_samples_is_significant() {
        let sample = |from: u64| (from..from + 200).collect::<Vec<u64>>();
        let comparison = Comparison::of(&sample(60), &sample(0)).unwrap();
        assert!(
            comparison.auc > 0.7 && comparison.p < 0.001,
            "{comparison:?}"
        );
    }
}
