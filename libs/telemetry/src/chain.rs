//! An error in one line, for logs and for texts that a person reads.

use std::{error::Error, iter::successors};

fn causes<'a>(error: &'a (dyn Error + 'a)) -> impl Iterator<Item = &'a (dyn Error + 'a)> {
    successors(Some(error), |&error| error.source())
}

/// An error and its causes.
pub fn chain(error: &dyn Error) -> String {
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    texts.join(": ")
}

/// The last cause of an error, for errors of which the others say only that a request failed.
pub fn root_cause(error: &dyn Error) -> String {
    let cause = causes(error).last();
    cause.map(ToString::to_string).unwrap_or_default()
}
