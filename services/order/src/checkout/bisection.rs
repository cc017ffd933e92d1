//! Finding the one that is at fault in a refused batch: try the whole, then the halves of what is refused.

use std::ops::Range;

/// The parts of a batch that are still to be tried, in order.
pub(super) struct Bisection(Vec<Range<usize>>);

impl Bisection {
    #[expect(clippy::single_range_in_vec_init, reason = "it is a list of ranges")]
    pub(super) fn over(length: usize) -> Self {
        Self(if length == 0 {
            Vec::new()
        } else {
            vec![0..length]
        })
    }

    pub(super) fn next(&mut self) -> Option<Range<usize>> {
        self.0.pop()
    }

    /// Queues the halves of a refused part; false if it cannot be split further.
    pub(super) fn split(&mut self, refused: &Range<usize>) -> bool {
        if refused.len() < 2 {
            return false;
        }
        let middle = refused.start + refused.len() / 2;
        self.0.extend([middle..refused.end, refused.start..middle]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_at_fault_is_found_and_its_neighbours_pass() {
        let (mut bisection, mut passed, mut refused) = (Bisection::over(9), Vec::new(), Vec::new());
        while let Some(range) = bisection.next() {
            if !range.contains(&6) {
                passed.extend(range);
            } else if !bisection.split(&range) {
                refused.extend(range);
            }
        }
        assert_eq!((passed, refused), (vec![0, 1, 2, 3, 4, 5, 7, 8], vec![6]));
        assert!(Bisection::over(0).next().is_none());
    }
}
