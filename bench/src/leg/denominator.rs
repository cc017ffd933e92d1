//! A leg of pgbench, the denominator of the ratios.

use anyhow::{Context, Result};

use super::{Leg, micros_to_seconds};
use crate::{
    audit,
    pgbench::{self, HEAD},
    stage::{COMBINED, Stage, unix_micros, used},
    workload::Mix,
};

/// The parameters of a denominator.
#[derive(Clone, Debug)]
pub struct Denominator {
    pub script: &'static str,
    pub mix: Mix,
    pub clients: usize,
    /// The number of orders in a batch; 1 without batches.
    pub size: u32,
    pub rate: Option<f64>,
    pub warm_seconds: u32,
    pub seconds: u32,
}

/// Runs pgbench on the database with both schemas. `restore` gives it fresh tables first.
pub fn denominator(stage: &Stage, name: &str, wanted: &Denominator, restore: bool) -> Result<Leg> {
    if restore {
        stage.combined()?;
    }
    let postgres = stage.shop().postgres();
    let folder = stage.shop().folder().join("pgbench");
    std::fs::create_dir_all(&folder)?;
    let hot = u8::from(wanted.mix == Mix::Hot);
    let batched = wanted.script == pgbench::BATCH || wanted.script == pgbench::SELECT;
    let round = |seconds, rate, base: u64| pgbench::Round {
        postgres,
        folder: &folder,
        script: if batched {
            wanted.script.to_owned()
        } else {
            format!("{HEAD}{}", wanted.script)
        },
        variables: vec![
            ("n", "0".to_owned()),
            ("base", base.to_string()),
            ("hot", hot.to_string()),
            ("size", wanted.size.to_string()),
        ],
        clients: wanted.clients,
        seconds,
        rate,
    };
    let base = unix_micros()? / 1_000;
    if wanted.warm_seconds > 0 {
        pgbench::run(&round(wanted.warm_seconds, None, base))?;
    }
    stage.drained(COMBINED)?;
    // The distance is large enough that no time is used twice.
    let base = base + 100_000_000;
    let orders = || -> Result<f64> {
        let count = postgres.psql(COMBINED, "SELECT count(*) FROM orders")?;
        count.first().context("no count")?.parse().context("count")
    };
    let (before, before_orders) = (stage.cpu(), orders()?);
    let outcome = pgbench::run(&round(wanted.seconds, wanted.rate, base))?;
    let ended = unix_micros()?;
    let left = micros_to_seconds(stage.drained(COMBINED)?.saturating_sub(ended));
    let seconds = outcome.transactions / outcome.per_second + left;
    let placed = orders()? - before_orders;
    let selects = wanted.script == pgbench::SELECT;
    let mut leg = Leg {
        name: name.to_owned(),
        per_second: if selects {
            outcome.per_second
        } else {
            placed / seconds
        },
        seconds,
        p50_ms: outcome.latency.millis_at(500),
        p99_ms: outcome.latency.millis_at(990),
        cpu: used(&before, &stage.cpu()),
        ..Leg::default()
    };
    if !selects {
        leg.violations = audit::stock(stage.databases(COMBINED, COMBINED))?;
    }
    Ok(leg)
}
