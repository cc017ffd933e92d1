//! A transaction with a deadline. When it passes, or when a caller drops the transaction in the middle of a statement,
//! the connection is closed; the outcome of a COMMIT without a response is unknown (ORDERS 14).

use std::{
    io,
    ops::{Deref, DerefMut},
    time::Duration,
};

use sqlx::Error;
use tokio::time::Instant;

use crate::Connection;

/// COMMIT gets this time even if the deadline is closer: an unknown outcome costs more than the wait.
const COMMIT: Duration = Duration::from_secs(1);

/// Rolled back when dropped. `&mut *transaction` is an executor.
#[derive(Debug)]
pub struct Transaction(Connection);

/// The cause of an error of `commit` with an unknown outcome.
#[derive(Debug, thiserror::Error)]
#[error("COMMIT was sent and not answered: it may be done or not")]
pub(crate) struct OutcomeUnknown(#[source] Error);

impl Transaction {
    pub(crate) async fn begin(mut connection: Connection, length: Duration) -> Result<Self, Error> {
        connection.begin(Instant::now() + length).await?;
        Ok(Self(connection))
    }

    /// Fails as `Failure::Unknown` where the server may have committed.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.0.end("COMMIT", COMMIT).await.map_err(outcome)
    }

    pub async fn rollback(mut self) -> Result<(), Error> {
        self.0.end("ROLLBACK", Duration::ZERO).await
    }
}

/// The server reports that it did not commit; any other error may have lost its response.
fn outcome(error: Error) -> Error {
    let said_no = match &error {
        // Connection exceptions and operator intervention end the session, before or after the commit.
        Error::Database(database) => !database
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P")),
        _ => false,
    };
    if said_no {
        error
    } else {
        Error::Io(io::Error::other(OutcomeUnknown(error)))
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
