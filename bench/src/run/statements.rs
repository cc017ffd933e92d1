//! The number of SQL statements per order, counted by `pg_stat_statements`.

use anyhow::{Context, Result};

use super::{Best, Pace};
use crate::{
    leg::{self, Drive},
    stage::Stage,
    workload::Mix,
};

/// Runs a leg with `pg_stat_statements`, and returns the statements per order by database.
pub(super) fn statements(stage: &mut Stage, best: &Best, pace: Pace) -> Result<Vec<(String, f64)>> {
    watch_statements(stage)?;
    let drive = Drive {
        connections: best.connections,
        warm_seconds: 0.5,
        seconds: pace.search_seconds,
        seed: 99,
        ..Drive::default()
    };
    leg::ours(stage, "statements", Mix::Uniform, drive)?;
    counted_statements(stage)
}

pub(super) fn watch_statements(stage: &mut Stage) -> Result<()> {
    let postgres = stage.shop_mut().postgres_mut();
    postgres.stop()?;
    postgres.set("shared_preload_libraries", "pg_stat_statements");
    postgres.start_again()?;
    postgres.psql("postgres", "CREATE EXTENSION pg_stat_statements")?;
    Ok(())
}

pub(super) fn counted_statements(stage: &Stage) -> Result<Vec<(String, f64)>> {
    let orders = stage
        .shop()
        .sql("order", "SELECT count(*) - 100000 FROM orders")?;
    let orders: f64 = orders.first().context("no count")?.parse()?;
    let rows = stage.shop().sql(
        "postgres",
        "SELECT datname, sum(calls) FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid
         WHERE datname IN ('product', 'order') AND query !~* '^(create|alter|drop|set|show|checkpoint)' GROUP BY datname ORDER BY datname",
    )?;
    rows.iter()
        .map(|row| {
            let (database, calls) = row.split_once('|').context("no count")?;
            Ok((database.to_owned(), calls.parse::<f64>()? / orders))
        })
        .collect()
}

pub(super) fn slowest_statements(stage: &Stage) -> Result<Vec<String>> {
    stage.shop().sql(
        "postgres",
        "SELECT datname, calls, round(total_exec_time::numeric) AS ms, round(mean_exec_time::numeric, 3) AS mean_ms, rows,
             left(regexp_replace(query, '\\s+', ' ', 'g'), 110)
         FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE datname IN ('product', 'order')
         ORDER BY total_exec_time DESC LIMIT 40",
    )
}
