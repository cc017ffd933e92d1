//! What happened to an order, as history and subscribers name it: one event for each version.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::values::{Actor, EventType};

/// An event about to be written, of the version that its order gets with it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    pub event_type: EventType,
    pub actor: Actor,
    /// What it tells beside the order's state. Nothing personal but ids.
    pub details: Map<String, Value>,
}

impl NewEvent {
    pub fn new(event_type: EventType, actor: Actor) -> Self {
        Self {
            event_type,
            actor,
            details: Map::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// An event as it was written, maybe by another release: its type is a name that this one need not know.
#[derive(Clone, Debug, PartialEq)]
pub struct PastEvent {
    pub version: i64,
    pub event_id: Uuid,
    pub event_type: String,
    pub actor: String,
    pub actor_id: Option<Uuid>,
    pub occurred_at: DateTime<Utc>,
    pub data: Value,
}

/// The right to publish the events of one partition.
pub type PartitionLease = crate::values::Lease<i16>;

/// What a round of publishing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    pub events: usize,
    /// A partition was not emptied: there is more at once.
    pub more: bool,
}
