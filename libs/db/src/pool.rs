//! The pool, with the limits of ORDERS 11 and 16: they get shorter inward, and no transaction may idle. Every
//! limit of the server has one on the client's side, for a server that does not respond at all.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use futures::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    AssertSqlSafe, Connection as _, Describe, Either, Error, Execute, Executor, PgPool, Postgres,
    SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use crate::{Connection, Transaction};

/// A request that waits longer than this for a connection is answered 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// An idle connection that does not answer a ping within this time is replaced.
const PING: Duration = Duration::from_secs(1);

/// How the server detects that a client is gone without a sign from its network, and releases its locks. (The client
/// needs no keepalive: it never waits without a limit of its own.)
const KEEPALIVE: [(&str, &str); 5] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "20s"),
    ("client_connection_check_interval", "5s"),
];

#[derive(Clone, clap::Args)]
pub struct Database {
    /// URL of the database: `postgres://user:password@host:5432/name`.
    #[arg(
        long = "database-url",
        env = "DATABASE_URL",
        hide_env_values = true,
        required_unless_present = "url_file"
    )]
    pub url: Option<String>,
    /// File that contains the database URL, which keeps the password out of the pod's definition and the environment.
    /// Takes precedence over the URL itself.
    #[arg(long = "database-url-file", env = "DATABASE_URL_FILE")]
    pub url_file: Option<PathBuf>,
    /// Maximum number of database connections of this process.
    #[arg(
        long = "database-max-connections",
        env = "DATABASE_MAX_CONNECTIONS",
        default_value_t = 8
    )]
    pub max_connections: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    // The cause may contain the URL with its password, so it is left out.
    #[error(
        "the database URL must have the form postgres://user:password@host:5432/name; set DATABASE_URL or DATABASE_URL_FILE"
    )]
    Url,
    #[error("cannot read the database URL from the file {path}")]
    UrlFile {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// How long the client waits for the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// For each statement; the server's own limit is a little shorter.
    pub statement: Duration,
    /// For all statements of a transaction together.
    pub transaction: Duration,
}

impl Limits {
    /// Those of requests.
    pub const SERVING: Self = Self {
        statement: Duration::from_millis(2_500),
        transaction: Duration::from_secs(4),
    };
}

/// Connections to one database. `&pool` is an executor for single statements.
#[derive(Clone)]
pub struct Pool {
    sessions: PgPool,
    limits: Limits,
}

impl Database {
    /// The pool of a serving process. It connects at the first request, so that a start does not wait for the database.
    pub fn pool(&self, application: &str) -> Result<Pool, ConnectError> {
        let options = self.options(application)?.options([
            ("lock_timeout", "250ms"),
            ("statement_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        Ok(Pool::from(sessions(
            options,
            self.max_connections,
            ACQUIRE_TIMEOUT,
        )))
    }

    /// A pool beside that of requests, for something that must not keep them from working, or they it: with its own number
    /// of connections, patience and settings.
    pub fn pool_of(
        &self,
        application: &str,
        connections: u32,
        patience: Duration,
        settings: &[(&'static str, &'static str)],
    ) -> Result<Pool, ConnectError> {
        let options = self.options(application)?.options([
            ("lock_timeout", "250ms"),
            ("statement_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        let options = options.options(settings.iter().copied());
        Ok(Pool::from(sessions(options, connections, patience)))
    }

    /// How to connect for work without the limits of requests, such as an audit, which sets limits of its own.
    pub fn unlimited(&self, application: &str) -> Result<PgConnectOptions, ConnectError> {
        self.options(application)
    }

    fn address(&self) -> Result<String, ConnectError> {
        match (&self.url_file, &self.url) {
            (Some(path), _) => read(path),
            (None, Some(url)) => Ok(url.clone()),
            (None, None) => Err(ConnectError::Url),
        }
    }

    /// How to connect without the limits of requests: for migrations.
    pub(crate) fn options(&self, application: &str) -> Result<PgConnectOptions, ConnectError> {
        let url = self.address()?;
        Ok(PgConnectOptions::from_str(url.trim())
            .map_err(|_| ConnectError::Url)?
            .application_name(application)
            .options(KEEPALIVE))
    }
}

impl Pool {
    /// The pool of sqlx.
    #[cfg(feature = "testing")]
    pub fn sessions(&self) -> &PgPool {
        &self.sessions
    }

    pub async fn acquire(&self) -> Result<Connection, Error> {
        let session = self.sessions.acquire().await?;
        Ok(Connection::new(session, self.limits.statement))
    }

    pub async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(self.acquire().await?, self.limits.transaction).await
    }

    /// For the few transactions that read much: their statements get this limit, on the client and on the server.
    pub async fn begin_long(&self, length: Duration) -> Result<Transaction, Error> {
        let session = self.sessions.acquire().await?;
        let mut transaction = Transaction::begin(Connection::new(session, length), length).await?;
        // SET takes no parameters, and a SELECT would take the snapshot that the caller may still want to choose.
        let limit = format!("SET LOCAL statement_timeout = {}", length.as_millis());
        sqlx::raw_sql(AssertSqlSafe(limit))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}

/// With the limits of requests.
impl From<PgPool> for Pool {
    fn from(sessions: PgPool) -> Self {
        Self {
            sessions,
            limits: Limits::SERVING,
        }
    }
}

impl From<&PgPool> for Pool {
    fn from(sessions: &PgPool) -> Self {
        Self::from(sessions.clone())
    }
}

impl From<&Pool> for Pool {
    fn from(pool: &Pool) -> Self {
        pool.clone()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pool")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    /// All rows are read before the first is returned, so that a slow reader occupies no connection.
    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = async move {
            let mut connection = self.acquire().await?;
            let rows: Vec<_> = connection.fetch_many(query).try_collect().await?;
            Ok::<_, Error>(stream::iter(rows.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.acquire().await?.describe(sql).await })
    }
}

fn sessions(options: PgConnectOptions, connections: u32, patience: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience)
        // A ping with a limit replaces it.
        .test_before_acquire(false)
        .before_acquire(|session, _| {
            Box::pin(async {
                match tokio::time::timeout(PING, session.ping()).await {
                    Ok(answered) => answered.map(|()| true),
                    Err(elapsed) => Err(Error::Io(elapsed.into())),
                }
            })
        })
        .connect_lazy_with(options)
}

fn read(path: &Path) -> Result<String, ConnectError> {
    std::fs::read_to_string(path).map_err(|source| ConnectError::UrlFile {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        database: Database,
    }

    fn parse(arguments: &[&str]) -> Result<Database, clap::Error> {
        let arguments = std::iter::once(&"service").chain(arguments);
        Ok(Command::try_parse_from(arguments)?.database)
    }

    #[test]
    fn an_address_in_a_file_counts_before_the_other() {
        let folder = std::env::temp_dir().join(format!("database-url-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("uri");
        std::fs::write(
            &file,
            "postgresql://order_a:secret@shop-postgres:5432/order\n",
        )
        .unwrap();
        let argument = format!("--database-url-file={}", file.display());
        let database = parse(&[&argument, "--database-url=postgres://a@elsewhere/b"]).unwrap();
        let options = database.options("test").unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            (options.get_host(), options.get_username()),
            ("shop-postgres", "order_a")
        );
        assert!(matches!(
            database.options("test"),
            Err(ConnectError::UrlFile { .. })
        ));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_shown() {
        let database = parse(&["--database-url=postgres//user:secret@host"]).unwrap();
        let error = database.options("test").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
