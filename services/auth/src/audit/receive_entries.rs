//! Entries that another service sends: appended once each, however often they are sent.

use clock::Clock;
use db::Pool;

use super::{
    model::{InvalidEntry, ReceivedEntry, Service},
    postgres as log,
};

/// Why entries are refused: all of them, so that the service finds the one at fault by halves.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("entry {index}: {source}")]
    Invalid { index: usize, source: InvalidEntry },
    #[error("cannot append entries of the audit log")]
    Database(#[from] sqlx::Error),
}

pub(crate) async fn receive(
    pool: &Pool,
    clock: &Clock,
    service: Service,
    entries: Vec<audit_log::Entry>,
) -> Result<(), ReceiveError> {
    let now = clock.now();
    let entries = entries.into_iter().enumerate().map(|(index, entry)| {
        ReceivedEntry::try_new(entry, now).map_err(|source| ReceiveError::Invalid { index, source })
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok(log::append_received(pool, service, &entries).await?)
}
