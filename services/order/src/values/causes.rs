//! What failed underneath: as a value that may be shared, and in words.

use std::{error::Error, iter::successors, sync::Arc};

/// What failed underneath; shared, since one failure answers a whole batch.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// An error in words, for rows that a person reads: the error and what caused it, since whoever looks at a stuck saga
/// has nothing else.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |error| (**error).source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
