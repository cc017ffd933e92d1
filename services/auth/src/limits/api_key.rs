//! Exchanges of each API key, counted in this process: a count in the database would be a write for each exchange.

use std::time::Duration;

use tokio::time::Instant;
use web::limit::{Limiter, Meter, Policy};

use super::LimitError;
use crate::api_keys::model::ApiKeyId;

/// A program needs one exchange in five minutes: this is enough for as many processes with the same key as a shop has.
const EXCHANGES: Policy = Policy {
    name: "key",
    limit: 60,
    window: Duration::from_mins(1),
};

/// The counters of this process. Clones share them.
#[derive(Clone, Debug)]
pub struct KeyCounters(Limiter);

impl Default for KeyCounters {
    fn default() -> Self {
        Self(Limiter::new(EXCHANGES))
    }
}

impl KeyCounters {
    /// Counts an exchange of a live key: others are counted by address, so that invented keys take no place here.
    pub(crate) fn count(&self, key: ApiKeyId, meter: &Meter) -> Result<(), LimitError> {
        Ok(meter.record(self.0.count(key.0, Instant::now()))?)
    }
}
