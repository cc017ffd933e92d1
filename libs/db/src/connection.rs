//! A connection whose statements also have a deadline on the client's side, whether or not the server responds. It is
//! closed if it was abandoned in the middle of a statement, because its state is unknown.

use std::{io, time::Duration};

use futures::{
    StreamExt, TryFutureExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Error, Execute, Executor, PgConnection, Postgres, SqlStr,
    pool::PoolConnection,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::{runtime::Handle, time::Instant};

/// A connection that is returned to the pool ends its transaction and answers a ping, within this time.
const RETURN: Duration = Duration::from_secs(2);

/// The end of a statement's result, or a row of it.
pub(crate) type Returned = Either<PgQueryResult, PgRow>;

#[derive(Debug)]
pub struct Connection {
    /// `None` once the connection is being returned.
    session: Option<PoolConnection<Postgres>>,
    statement: Duration,
    /// No statement of a transaction ends later.
    until: Option<Instant>,
    /// A statement is running, or its future was dropped before it ended.
    busy: bool,
    /// It has a transaction.
    open: bool,
}

/// Why a statement failed that did not end in time.
#[derive(Debug, thiserror::Error)]
#[error("the database did not respond within {} ms", .0.as_millis())]
struct Expired(Duration);

impl Connection {
    pub(crate) fn new(session: PoolConnection<Postgres>, statement: Duration) -> Self {
        Self {
            session: Some(session),
            statement,
            until: None,
            busy: false,
            open: false,
        }
    }

    /// Begins a transaction, whose statements end by then.
    pub(crate) async fn begin(&mut self, until: Instant) -> Result<(), Error> {
        self.until = Some(until);
        self.run(|session| session.execute("BEGIN")).await?;
        self.open = true;
        Ok(())
    }

    /// COMMIT or ROLLBACK, with at least `least` of time.
    pub(crate) async fn end(&mut self, sql: &'static str, least: Duration) -> Result<(), Error> {
        let limit = self.time_left().max(least);
        self.within(limit, |session| session.execute(sql)).await?;
        self.open = false;
        Ok(())
    }

    /// All that a statement returns.
    pub(crate) async fn read<'q, E>(&mut self, query: E) -> Result<Vec<Returned>, Error>
    where
        E: 'q + Execute<'q, Postgres>,
    {
        self.run(|session| session.fetch_many(query).try_collect())
            .await
    }

    /// Works on the session, as long as a statement may take.
    async fn run<'s, T, W: Future<Output = Result<T, Error>>>(
        &'s mut self,
        work: impl FnOnce(&'s mut PgConnection) -> W,
    ) -> Result<T, Error> {
        self.within(self.time_left(), work).await
    }

    /// The same with a limit of its own. If the work does not end, the connection stays busy.
    async fn within<'s, T, W: Future<Output = Result<T, Error>>>(
        &'s mut self,
        limit: Duration,
        work: impl FnOnce(&'s mut PgConnection) -> W,
    ) -> Result<T, Error> {
        // Only `drop` takes it.
        #[expect(clippy::expect_used, reason = "no method can be called after drop")]
        let session = self.session.as_mut().expect("a connection has a session");
        self.busy = true;
        let done = tokio::time::timeout(limit, work(session)).await;
        let done =
            done.map_err(|_| Error::Io(io::Error::new(io::ErrorKind::TimedOut, Expired(limit))))?;
        self.busy = false;
        done
    }

    /// How long the next statement may take.
    fn time_left(&self) -> Duration {
        let of_transaction = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        of_transaction.map_or(self.statement, |left| left.min(self.statement))
    }
}

/// What a statement returns, once all of it has been read: a slow reader occupies no connection.
pub(crate) fn all_at_once<'e>(
    read: impl Future<Output = Result<Vec<Returned>, Error>> + Send + 'e,
) -> BoxStream<'e, Result<Returned, Error>> {
    read.map_ok(|all| stream::iter(all.into_iter().map(Ok)))
        .try_flatten_stream()
        .boxed()
}

/// Ends its transaction, if it has one, and returns to the pool, as sqlx's own `drop` does, but within a limit. Without
/// the limit, a server that stops responding now would keep one of the pool's places forever.
async fn give_back(mut session: PoolConnection<Postgres>, open: bool) {
    if open {
        let rolled_back = tokio::time::timeout(RETURN, session.execute("ROLLBACK")).await;
        if !matches!(rolled_back, Ok(Ok(_))) {
            drop(session.detach());
            return;
        }
    }
    let returned = session.return_to_pool();
    if tokio::time::timeout(RETURN, returned).await.is_err() {
        tracing::warn!("closed a database connection that was not returned to its pool");
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        match Handle::try_current() {
            Ok(runtime) if !self.busy => {
                runtime.spawn(give_back(session, self.open));
            }
            // Closes the socket, and frees the place in the pool at once.
            Ok(_) | Err(_) => drop(session.detach()),
        }
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Returned, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        all_at_once(self.read(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(self.run(|session| session.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        Box::pin(self.run(move |session| session.prepare_with(sql, parameters)))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        Box::pin(self.run(|session| session.describe(sql)))
    }
}
