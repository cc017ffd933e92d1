//! The pool, with the limits of ORDERS 11 and 16: they get shorter inward, and no transaction may sit idle.

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// Waiting longer for a connection than this is an answer of its own: 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, clap::Args)]
pub struct Database {
    /// Where the database is: `postgres://user:password@host:5432/name`.
    #[arg(long = "database-url", env = "DATABASE_URL", hide_env_values = true)]
    pub url: String,
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
    #[error("DATABASE_URL is not of the form postgres://user:password@host:5432/name")]
    Url,
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
        Ok(PgConnectOptions::from_str(&self.url)
            .map_err(|_| ConnectError::Url)?
            .application_name(application))
    }
}
