//! What a saga knows, what it does next, and what an outcome means. Pure.

mod decision;
mod hold_outcome;
mod progress;
mod saga;

pub use decision::{Action, Step};
pub use hold_outcome::{CommitOutcome, ExtendOutcome, ReleaseOutcome};
pub use progress::{Impossible, Progress};
pub use saga::{
    Backlog, Change, Facts, Lease, Next, PayWindow, Postponement, Queue, Settled, Settlement,
    Shipments, Turn,
};
