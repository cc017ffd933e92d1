//! Migrations: run by a Job of the new image, reported by termination message (OPERATOR 11).

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tracing::{info, warn};

use crate::{ConnectError, Database, Failure, Pool};

/// How often a migration is tried that the locks of a running release block.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// The settings of a service's migration.
#[derive(clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    pub database: Database,
    /// File that the outcome is written to, for the creator of the Job.
    #[arg(
        long,
        env = "TERMINATION_MESSAGE_PATH",
        default_value = "/dev/termination-log"
    )]
    pub termination_message_path: PathBuf,
}

impl Migrate {
    pub async fn run(&self, migrator: &Migrator) -> Result<(), MigrateError> {
        migrate(&self.database, migrator, &self.termination_message_path).await
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("cannot connect to the database")]
    Unreachable(#[source] sqlx::Error),
    #[error("a migration failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("cannot write the outcome to {path}")]
    Report {
        path: String,
        source: std::io::Error,
    },
}

/// Applies what is missing and writes the applied versions, or the reason of a failure, to `report`
/// (the container's termination message). Versions that it does not know are left alone: a newer release made them.
pub async fn migrate(
    database: &Database,
    migrator: &Migrator,
    report: &Path,
) -> Result<(), MigrateError> {
    let outcome = apply(database, migrator).await;
    let text = match &outcome {
        Ok(applied) => json!({ "applied": applied }).to_string(),
        Err(error) => telemetry::chain(error).replace('\n', " "),
    };
    // Without the folder there is no reader of reports, as in a developer's shell.
    if report.parent().is_some_and(Path::exists) {
        tokio::fs::write(report, text)
            .await
            .map_err(|source| MigrateError::Report {
                path: report.display().to_string(),
                source,
            })?;
    }
    info!(migration.versions = ?outcome?, "migrated");
    Ok(())
}

async fn apply(database: &Database, migrator: &Migrator) -> Result<Vec<i64>, MigrateError> {
    let options = database
        .unlimited("migrate")?
        .options([("lock_timeout", "5s")]);
    let mut connection = PgConnection::connect_with(&options)
        .await
        .map_err(MigrateError::Unreachable)?;
    let mut attempts = 1;
    while let Err(error) = migrator.run(&mut connection).await {
        // The previous release continues to write: a migration that its locks blocked did nothing, and may be retried.
        if attempts == ATTEMPTS || !is_in_the_way(&error) {
            return Err(error.into());
        }
        warn!(
            attempt = attempts,
            error = &error as &dyn std::error::Error,
            "migration blocked by locks; retrying"
        );
        attempts += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(migrator.iter().map(|migration| migration.version).collect())
}

fn is_in_the_way(error: &sqlx::migrate::MigrateError) -> bool {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(error) | ExecuteMigration(error, _) => {
            let locks = error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| code == "40P01" || code == "55P03");
            locks && Failure::of(error) == Failure::Retryable
        }
        _ => false,
    }
}

/// Whether the database has every migration that this binary was built with.
pub async fn schema_is_current(pool: &Pool, migrator: &Migrator) -> Result<(), String> {
    let newest = migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let query = sqlx::query_scalar::<_, bool>(
        "SELECT EXISTS (SELECT FROM _sqlx_migrations WHERE version = $1 AND success)",
    )
    .bind(newest)
    .fetch_one(pool);
    match tokio::time::timeout(Duration::from_secs(2), query).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(format!("migration {newest} is not applied")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the database did not respond within 2 s".to_owned()),
    }
}
