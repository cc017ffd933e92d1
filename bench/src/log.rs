//! What the clients were told: the own record that the audit holds against the database.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{histogram::Histogram, workload::Wish};

/// One order that a client wanted, under one key, however often it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub key: String,
    pub wish: Wish,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 201 with this id.
    Acknowledged(Uuid),
    /// A definite no: sold out, most of all. There is no order.
    Refused(String),
    /// 503 or 429 to the end: nothing was done, says the answer.
    TurnedAway,
    /// No answer, or one that says that nobody knows: there may be an order.
    Unknown,
}

/// What one run of the generator came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Microseconds since 1970: before the first request, and after the last answer.
    pub started: u64,
    pub ended: u64,
    pub entries: Vec<Entry>,
    /// Answers of the kind that was wanted: 201, or 200.
    pub answered: u64,
    /// Requests that repeated an earlier one, and were answered as such.
    pub replays: u64,
    /// Answers 503 and 429.
    pub turned_away: u64,
    /// From the intended send time to the answer that was wanted.
    pub latency: Histogram,
    /// What no correct service answers: another order for the same key, for instance.
    pub violations: Vec<String>,
    /// Answers by status, where that is all that is of interest.
    pub statuses: Vec<(u16, u64)>,
    /// Of the generator itself.
    pub cpu_seconds: f64,
}

impl Report {
    pub fn refused(&self) -> usize {
        let refused = |entry: &&Entry| matches!(entry.outcome, Outcome::Refused(_));
        self.entries.iter().filter(refused).count()
    }

    pub fn unknown(&self) -> usize {
        let unknown = |entry: &&Entry| entry.outcome == Outcome::Unknown;
        self.entries.iter().filter(unknown).count()
    }
}
