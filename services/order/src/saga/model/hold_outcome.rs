//! What became of a hold in product (ORDERS 1-5).

/// What became of a hold that was to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    Committed,
    /// A line of it was given up.
    Lost,
    /// It ended before, or never was.
    Gone,
}

/// What became of a hold that was to last longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendOutcome {
    Extended,
    /// It needs no end any more.
    Committed,
    Lost,
    Gone,
}

/// What became of a hold that was to be given back, whatever was committed of it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOutcome {
    Released,
    /// Nothing of it went back.
    Committed,
}
