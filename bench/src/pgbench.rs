//! Runs pgbench on the database with both schemas, and parses its output.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use local_shop::Postgres;

use crate::{histogram::Histogram, stage::COMBINED};

pub const HEAD: &str = include_str!("../denominators/head.sql");
pub const LOCK_FIRST: &str = include_str!("../denominators/d1-lock-first.sql");
pub const LOCK_LAST: &str = include_str!("../denominators/d1-lock-last.sql");
pub const BATCH: &str = include_str!("../denominators/batch.sql");
pub const SELECT: &str = include_str!("../denominators/select.sql");

/// More threads than cores would not help.
const MOST_THREADS: usize = 2;

#[derive(Clone, Debug)]
pub struct Round<'a> {
    pub postgres: &'a Postgres,
    /// A folder for the script and the log of single transactions.
    pub folder: &'a Path,
    pub script: String,
    pub variables: Vec<(&'static str, String)>,
    pub clients: usize,
    pub seconds: u32,
    /// Transactions per second; latency is then measured from the time when a transaction was due.
    pub rate: Option<f64>,
}

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub transactions: f64,
    pub per_second: f64,
    /// Empty without a rate, since logging each transaction would cost throughput.
    pub latency: Histogram,
}

pub fn run(round: &Round<'_>) -> Result<Outcome> {
    fs::write(round.folder.join("pgbench.sql"), &round.script)?;
    let mut command = Command::new(round.postgres.program("pgbench"));
    command
        .current_dir(round.folder)
        .args(["--host", "127.0.0.1", "--username", "postgres"])
        .args(["--port", &round.postgres.port().to_string()])
        .args(["--no-vacuum", "--protocol", "prepared"])
        .args(["--client", &round.clients.to_string()])
        .args(["--jobs", &round.clients.min(MOST_THREADS).to_string()])
        .args(["--time", &round.seconds.to_string()])
        .args(["--file", "pgbench.sql"]);
    for (name, value) in &round.variables {
        command.arg("--define").arg(format!("{name}={value}"));
    }
    if let Some(rate) = round.rate {
        command.args(["--rate", &rate.to_string(), "--log"]);
    }
    let output = command.arg(COMBINED).output().context("pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && !text.contains("aborted"),
        "pgbench failed: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut outcome = parse(&text).with_context(|| format!("output of pgbench: {text}"))?;
    if round.rate.is_some() {
        outcome.latency = latencies(round.folder)?;
    }
    Ok(outcome)
}

fn parse(text: &str) -> Option<Outcome> {
    let after = |label: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(label))?;
        let number = rest
            .trim()
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()?;
        number.parse::<f64>().ok()
    };
    Some(Outcome {
        transactions: after("number of transactions actually processed: ")?,
        per_second: after("tps = ")?,
        ..Outcome::default()
    })
}

/// The latencies in the logs of all threads: the third field, in microseconds, includes the delay of the start.
fn latencies(folder: &Path) -> Result<Histogram> {
    let mut histogram = Histogram::default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with("pgbench_log.")) {
            continue;
        }
        for line in fs::read_to_string(&path)?.lines() {
            let micros = line.split(' ').nth(2).and_then(|field| field.parse().ok());
            histogram
                .record_micros(micros.with_context(|| format!("line of pgbench's log: {line}"))?);
        }
        fs::remove_file(path)?;
    }
    Ok(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_pgbench_is_parsed() {
        let text = "transaction type: x\nnumber of transactions actually processed: 8421\nlatency average = 4.7 ms\ntps = 842.113 (without initial connection time)\n";
        let outcome = parse(text).unwrap();
        assert!((outcome.transactions - 8_421.0).abs() < f64::EPSILON);
        assert!((outcome.per_second - 842.113).abs() < f64::EPSILON);
        assert!(parse("pgbench: error").is_none());
    }
}
