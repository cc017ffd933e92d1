//! SQL in the stack's own database, as its superuser inside the pod: for audits, and for locks that disturb the services.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::{cluster::unique, kubectl::kubectl, wait};

/// The database of a stack.
#[derive(Clone, Debug)]
pub struct Database {
    pub namespace: String,
    pub pod: String,
}

impl Database {
    /// The rows of a SELECT, each as a JSON object.
    pub async fn rows(&self, database: &str, select: &str) -> Result<Vec<Value>> {
        let wrapped = format!("SELECT coalesce(json_agg(found), '[]') FROM ({select}) AS found");
        let text = self.run(database, &wrapped).await?;
        serde_json::from_str(text.trim()).with_context(|| format!("psql printed {text}"))
    }

    /// The single number that a SELECT returns.
    pub async fn number(&self, database: &str, select: &str) -> Result<i64> {
        let text = self.run(database, select).await?;
        text.trim()
            .parse()
            .with_context(|| format!("{select} printed {text:?}, not a number"))
    }

    /// Runs statements in one transaction, and returns the output of psql.
    pub async fn run(&self, database: &str, statements: &str) -> Result<String> {
        let arguments = self.psql(database, statements);
        kubectl(arguments)
            .await?
            .ok()
            .with_context(|| format!("in database {database}: {statements}"))
    }

    /// Takes locks by these statements, and keeps them for this number of seconds after it returns.
    pub async fn hold(&self, database: &str, statements: &str, seconds: u32) -> Result<Child> {
        let name = unique("e2e-hold");
        let statements = format!(
            "SET application_name = '{name}'; BEGIN; {statements}; SELECT pg_sleep({seconds}); ROLLBACK;"
        );
        let mut command = Command::new("kubectl");
        command
            .args(self.psql(database, &statements))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = command
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        let asleep = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}' AND wait_event = 'PgSleep'"
        );
        wait::until("the locks are held", wait::seconds(10), async || {
            ensure!(self.number("postgres", &asleep).await? == 1, "not yet");
            Ok(())
        })
        .await?;
        Ok(child)
    }

    fn psql(&self, database: &str, statements: &str) -> Vec<String> {
        let words = [
            "-n",
            &self.namespace,
            "exec",
            &self.pod,
            "-c",
            "postgres",
            "--",
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--host=/run/postgresql",
            "--username=postgres",
            "--dbname",
            database,
            "--command",
            statements,
        ];
        words.map(ToOwned::to_owned).into()
    }
}
