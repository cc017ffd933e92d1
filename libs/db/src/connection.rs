//! A connection whose statements also have a deadline on the client's side, whether or not the server responds. It is
//! closed if it was abandoned in the middle of a statement, because its state is unknown.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Describe, Either, Error, Execute, Executor, PgConnection, Postgres, SqlStr,
    pool::PoolConnection,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep},
};

/// A connection that is returned to the pool ends its transaction and answers a ping, within this time.
const RETURN: Duration = Duration::from_secs(2);

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

fn expired(limit: Duration) -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, Expired(limit)))
}

/// Work on a session, for `limit` at most; `busy` stays set if it did not end.
async fn within<T>(
    limit: Duration,
    busy: &mut bool,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    *busy = true;
    let done = tokio::time::timeout(limit, work)
        .await
        .map_err(|_| expired(limit))?;
    *busy = false;
    done
}

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

    pub(crate) fn end_at(&mut self, until: Instant) {
        self.until = Some(until);
    }

    /// The session, whether it is busy, and how long the next statement may take.
    fn parts(&mut self) -> (&mut PgConnection, &mut bool, Duration) {
        let left = self.time_left();
        // Only `drop` takes it.
        #[expect(clippy::expect_used, reason = "no method can be called after drop")]
        let session = self.session.as_mut().expect("a connection has a session");
        (session, &mut self.busy, left)
    }

    fn time_left(&self) -> Duration {
        let of_transaction = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        of_transaction.map_or(self.statement, |left| left.min(self.statement))
    }

    /// BEGIN, COMMIT or ROLLBACK, with at least `least` of time.
    pub(crate) async fn step(&mut self, step: Step, least: Duration) -> Result<(), Error> {
        let (session, busy, limit) = self.parts();
        within(limit.max(least), busy, session.execute(step.sql())).await?;
        self.open = match step {
            Step::Begin => true,
            Step::Commit | Step::Rollback => false,
        };
        Ok(())
    }
}

/// The ends of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Begin,
    Commit,
    Rollback,
}

impl Step {
    fn sql(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
        }
    }
}

/// Ends its transaction, if it has one, and returns to the pool, as sqlx's own `drop` does, but within a limit. Without
/// the limit, a server that stops responding now would keep one of the pool's places forever.
async fn give_back(mut session: PoolConnection<Postgres>, open: bool) {
    if open {
        let rolled_back = tokio::time::timeout(RETURN, session.execute(Step::Rollback.sql())).await;
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

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (session, busy, limit) = self.parts();
        *busy = true;
        Box::pin(Timed {
            inner: session.fetch_many(query),
            sleep: Box::pin(tokio::time::sleep(limit)),
            limit,
            busy,
            ended: false,
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (session, busy, limit) = self.parts();
        Box::pin(within(limit, busy, session.fetch_optional(query)))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        let (session, busy, limit) = self.parts();
        Box::pin(within(limit, busy, session.prepare_with(sql, parameters)))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        let (session, busy, limit) = self.parts();
        Box::pin(within(limit, busy, session.describe(sql)))
    }
}

/// Rows of a statement, all of them within its time.
struct Timed<'e> {
    inner: BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>,
    sleep: Pin<Box<Sleep>>,
    limit: Duration,
    busy: &'e mut bool,
    ended: bool,
}

impl Stream for Timed<'_> {
    type Item = Result<Either<PgQueryResult, PgRow>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match self.inner.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(row))) => Poll::Ready(Some(Ok(row))),
            Poll::Ready(end) => {
                self.ended = true;
                *self.busy = false;
                Poll::Ready(end)
            }
            Poll::Pending => {
                std::task::ready!(self.sleep.as_mut().poll(context));
                self.ended = true;
                Poll::Ready(Some(Err(expired(self.limit))))
            }
        }
    }
}
