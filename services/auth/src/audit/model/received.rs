//! An entry that another service sends.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use text::is_hidden;

use super::{ActionName, MAX_TARGET_LENGTH};
use crate::accounts::model::Period;

/// How far the clock of a service may be ahead.
const AHEAD: TimeDelta = TimeDelta::minutes(1);
/// Bytes of `data` as JSON.
const MAX_DATA: usize = 4096;
/// The version of an id that carries its time.
const SORTED_BY_TIME: usize = 7;

/// An entry that may be appended.
#[derive(Clone, Debug)]
pub struct ReceivedEntry(audit_log::Entry);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntry {
    #[error("id must be a UUIDv7 of the time of occurred_at")]
    Id,
    #[error("occurred_at must not be in the future")]
    Future,
    #[error("action must be of the form resource.action")]
    Action,
    #[error("target must be 1 to {MAX_TARGET_LENGTH} visible characters")]
    Target,
    #[error("data must be an object of at most {MAX_DATA} bytes")]
    Data,
}

impl ReceivedEntry {
    pub fn try_new(entry: audit_log::Entry, now: DateTime<Utc>) -> Result<Self, InvalidEntry> {
        if entry.occurred_at > now + AHEAD {
            return Err(InvalidEntry::Future);
        }
        // A list of a period finds the entry by its id.
        let period = Period {
            from: Some(entry.occurred_at),
            to: Some(entry.occurred_at),
        };
        if entry.id.get_version_num() != SORTED_BY_TIME || !period.ids().contains(&entry.id) {
            return Err(InvalidEntry::Id);
        }
        if ActionName::try_from(entry.action.clone()).is_err() {
            return Err(InvalidEntry::Action);
        }
        if !is_target(&entry.target) {
            return Err(InvalidEntry::Target);
        }
        let Value::Object(data) = &entry.data else {
            return Err(InvalidEntry::Data);
        };
        match serde_json::to_string(data) {
            Ok(text) if text.len() <= MAX_DATA => Ok(Self(entry)),
            Ok(_) | Err(_) => Err(InvalidEntry::Data),
        }
    }

    pub fn get(&self) -> &audit_log::Entry {
        &self.0
    }
}

/// Whether a text may name what something was done to.
pub fn is_target(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_TARGET_LENGTH
        && !text.contains(is_hidden)
}
