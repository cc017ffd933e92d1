//! An error in words, for rows that a person reads.

use std::{error::Error, iter::successors};

/// The error and what caused it: whoever looks at a stuck saga has nothing else.
pub(super) fn chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |error| (**error).source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
