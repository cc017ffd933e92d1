//! What became of a hold, in product's words (ORDERS 1-5).

use serde::Deserialize;

/// Of a hold that was to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitOutcome {
    Committed,
    /// A line of it was given up.
    Lost,
    /// It ended before, or never was.
    Gone,
}

/// Of a hold that was to last longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtendOutcome {
    Extended,
    /// It needs no end any more.
    Committed,
    Lost,
    Gone,
}

/// Of a hold that was to be given back, with what was committed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOutcome {
    Released,
    /// Nothing of it went back.
    Committed,
}
