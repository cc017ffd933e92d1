//! The pool, with the limits of ORDERS 11 and 16: they get shorter inward, and no transaction may idle. Every
//! limit of the server has one on the client's side, for a server that does not respond at all.

use std::{path::PathBuf, str::FromStr, time::Duration};

use futures::{future::BoxFuture, stream::BoxStream};
use sqlx::{
    AssertSqlSafe, Connection as _, Describe, Error, Execute, Executor, PgPool, Postgres, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow, PgStatement, PgTypeInfo},
};

use crate::{
    Connection, Transaction,
    connection::{Returned, all_at_once},
};

/// A request that waits longer than this for a connection is answered 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the client waits for a statement; the server's own limit is a little shorter.
const STATEMENT: Duration = Duration::from_millis(2_500);
/// How long it waits for all statements of a transaction together.
const TRANSACTION: Duration = Duration::from_secs(4);
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

/// Connections to one database, with the limits of requests. `&pool` is an executor for single statements.
#[derive(Clone, Debug)]
pub struct Pool(PgPool);

impl Database {
    /// The pool of a serving process. It connects at the first request, so that a start does not wait for the database.
    pub fn pool(&self, application: &str) -> Result<Pool, ConnectError> {
        self.pool_of(application, self.max_connections, ACQUIRE_TIMEOUT, &[])
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
        let options = self.unlimited(application)?.options([
            ("lock_timeout", "250ms"),
            ("statement_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        let options = options.options(settings.iter().copied());
        Ok(Pool::from(sessions(options, connections, patience)))
    }

    /// How to connect for work without the limits of requests, which sets limits of its own: migrations and audits.
    pub fn unlimited(&self, application: &str) -> Result<PgConnectOptions, ConnectError> {
        let url = match (&self.url_file, &self.url) {
            (Some(path), _) => {
                std::fs::read_to_string(path).map_err(|source| ConnectError::UrlFile {
                    path: path.clone(),
                    source,
                })?
            }
            (None, Some(url)) => url.clone(),
            (None, None) => return Err(ConnectError::Url),
        };
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
        &self.0
    }

    pub async fn acquire(&self) -> Result<Connection, Error> {
        Ok(Connection::new(self.0.acquire().await?, STATEMENT))
    }

    pub async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(self.acquire().await?, TRANSACTION).await
    }

    /// For the few transactions that read much: their statements get this limit, on the client and on the server.
    pub async fn begin_long(&self, length: Duration) -> Result<Transaction, Error> {
        let connection = Connection::new(self.0.acquire().await?, length);
        let mut transaction = Transaction::begin(connection, length).await?;
        // SET takes no parameters, and a SELECT would take the snapshot that the caller may still want to choose.
        let limit = format!("SET LOCAL statement_timeout = {}", length.as_millis());
        sqlx::raw_sql(AssertSqlSafe(limit))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}

impl From<PgPool> for Pool {
    fn from(sessions: PgPool) -> Self {
        Self(sessions)
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

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Returned, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        all_at_once(async move { self.acquire().await?.read(query).await })
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
        let options = database.unlimited("test").unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            (options.get_host(), options.get_username()),
            ("shop-postgres", "order_a")
        );
        assert!(matches!(
            database.unlimited("test"),
            Err(ConnectError::UrlFile { .. })
        ));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_shown() {
        let database = parse(&["--database-url=postgres//user:secret@host"]).unwrap();
        let error = database.unlimited("test").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
