//! The pool, with the limits of ORDERS 11 and 16: they get shorter inward, and no transaction may sit idle.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// Waiting longer for a connection than this is an answer of its own: 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, clap::Args)]
pub struct Database {
    /// Where the database is: `postgres://user:password@host:5432/name`.
    #[arg(
        long = "database-url",
        env = "DATABASE_URL",
        hide_env_values = true,
        required_unless_present = "url_file"
    )]
    pub url: Option<String>,
    /// A file that holds it instead: the password then stands neither in the pod's definition nor in the environment of
    /// its processes. Counts before the other.
    #[arg(long = "database-url-file", env = "DATABASE_URL_FILE")]
    pub url_file: Option<PathBuf>,
    /// Connections that this process may hold.
    #[arg(
        long = "database-max-connections",
        env = "DATABASE_MAX_CONNECTIONS",
        default_value_t = 8
    )]
    pub max_connections: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    // The cause may show the URL, which holds a password: it stays out.
    #[error(
        "the database's address is not of the form postgres://user:password@host:5432/name; set DATABASE_URL or DATABASE_URL_FILE"
    )]
    Url,
    #[error("the file {path} with the database's address cannot be read")]
    UrlFile {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Database {
    /// The pool of a serving process. It connects when first asked, so that a start does not wait for the database.
    pub fn pool(&self, application: &str) -> Result<PgPool, ConnectError> {
        let options = self.options(application)?.options([
            ("lock_timeout", "250ms"),
            ("statement_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        Ok(PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options))
    }

    /// A pool beside that of requests, for something that must not keep them from working, or they it: with its own number
    /// of connections, patience and settings.
    pub fn pool_of(
        &self,
        application: &str,
        connections: u32,
        patience: Duration,
        settings: &[(&'static str, &'static str)],
    ) -> Result<PgPool, ConnectError> {
        let options = self.options(application)?.options([
            ("lock_timeout", "250ms"),
            ("statement_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        Ok(PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(patience)
            .connect_lazy_with(options.options(settings.iter().copied())))
    }

    /// How to connect for work that takes as long as it takes, such as an audit; it sets limits of its own.
    pub fn unlimited(&self, application: &str) -> Result<PgConnectOptions, ConnectError> {
        self.options(application)
    }

    /// How to connect without the limits of requests: for migrations.
    pub(crate) fn options(&self, application: &str) -> Result<PgConnectOptions, ConnectError> {
        let url = self.address()?;
        Ok(PgConnectOptions::from_str(url.trim())
            .map_err(|_| ConnectError::Url)?
            .application_name(application))
    }

    fn address(&self) -> Result<String, ConnectError> {
        match (&self.url_file, &self.url) {
            (Some(path), _) => read(path),
            (None, Some(url)) => Ok(url.clone()),
            (None, None) => Err(ConnectError::Url),
        }
    }
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
