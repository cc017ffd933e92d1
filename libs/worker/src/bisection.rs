//! Finding the one that is at fault in a refused batch: try the whole, then the halves of what is refused.

use std::ops::Range;

/// The parts of a batch that are still to be tried, in order.
pub struct Bisection(Vec<Range<usize>>);

impl Bisection {
    pub fn over(length: usize) -> Self {
        let whole = 0..length;
        Self(Vec::from_iter((!whole.is_empty()).then_some(whole)))
    }

    /// Queues the halves of a refused part; false if it cannot be split further.
    pub fn split(&mut self, refused: &Range<usize>) -> bool {
        if refused.len() < 2 {
            return false;
        }
        let middle = refused.start + refused.len() / 2;
        self.0.extend([middle..refused.end, refused.start..middle]);
        true
    }
}

impl Iterator for Bisection {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        self.0.pop()
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
