//! What the clients were told: the log that the audit compares with the database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{histogram::Histogram, workload::NewOrder};

/// One order that a client requested, under one key, however often the request was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub key: String,
    pub order: NewOrder,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 201 with this id.
    Acknowledged(Uuid),
    /// A final refusal, most often because a product is sold out. There is no order.
    Refused(String),
    /// 503 or 429 until the end: by the response, nothing was done.
    TurnedAway,
    /// There was no response, or one that leaves the outcome open: there may be an order.
    Unknown,
}

/// The results of one run of the generator.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The times before the first request and after the last response, in microseconds since 1970.
    pub started: u64,
    pub ended: u64,
    pub entries: Vec<Entry>,
    /// Responses of the expected kind: 201, or 200.
    pub answered: u64,
    /// Requests that repeated an earlier one and were answered as repetitions.
    pub replays: u64,
    /// Responses 503 and 429.
    pub turned_away: u64,
    /// From the intended send time to the expected response.
    pub latency: Histogram,
    /// Responses that no correct service sends, such as a different order for the same key.
    pub violations: Vec<String>,
    /// The number of responses by status; for orders, of those that settle nothing.
    pub statuses: BTreeMap<u16, u64>,
    /// CPU time of the generator itself.
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
