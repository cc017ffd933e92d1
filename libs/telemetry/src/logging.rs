//! Log lines: one JSON object each, on standard output.

use tracing_subscriber::{EnvFilter, util::SubscriberInitExt};

#[derive(Clone, Debug, clap::Args)]
pub struct Logging {
    /// Log filter (tracing syntax): `info`, or `info,sqlx=debug`.
    #[arg(long = "log", env = "LOG", default_value = "info")]
    pub filter: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("invalid log filter; try LOG=info")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("logging is already initialized")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

impl Logging {
    /// Sets up logging for the whole process.
    pub fn init(&self) -> Result<(), LoggingError> {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_env_filter(EnvFilter::try_new(&self.filter)?)
            .finish()
            .try_init()?;
        Ok(())
    }
}
