//! The search before the rounds: the number of clients with which each side is fastest, and how fast that is.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::{Pace, line, whole};
use crate::{
    leg::{self, Denominator, Drive, Leg},
    pgbench,
    stage::Stage,
    workload::Mix,
};

/// The parameters with which each side is fastest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Best {
    pub connections: usize,
    pub ours_per_second: f64,
    pub d1_uniform: Choice,
    pub d1_hot: Choice,
    pub d2: Choice,
    pub d3: Choice,
    pub select: Choice,
    pub peer_workers: usize,
    pub peer_connections: usize,
    pub peer_per_second: f64,
    /// Logins per second.
    pub hashing: f64,
    /// The name and the rate per second of each leg of the search.
    pub tried: Vec<(String, f64)>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Choice {
    pub script: &'static str,
    pub clients: usize,
    pub size: u32,
    pub per_second: f64,
}

/// Finds the best number of clients of each side.
pub(super) fn search(stage: &Stage, bin: &Path, pace: Pace, wide: bool) -> Result<Best> {
    let mut best = ours(stage, pace)?;
    let mut all = std::mem::take(&mut best.tried);
    let clients: &[usize] = if wide { &[1, 2, 4, 8, 16] } else { &[4, 8, 16] };
    let d1 = [
        ("lock-first", pgbench::LOCK_FIRST),
        ("lock-last", pgbench::LOCK_LAST),
    ];
    let single: Vec<_> = clients.iter().map(|clients| (*clients, 1)).collect();
    let batches: Vec<(usize, u32)> = [1, 2, 4]
        .into_iter()
        .flat_map(|clients| [32, 64, 128].map(|size| (clients, size)))
        .collect();
    let (function, batch) = ([("function", pgbench::BATCH)], [("batch", pgbench::BATCH)]);
    let select = [("select", pgbench::SELECT)];
    let mut find =
        |what, scripts, mix, sizes| best_of(stage, pace, what, scripts, mix, sizes, &mut all);
    best.d1_uniform = find("D1 uniform", &d1, Mix::Uniform, &single)?;
    best.d1_hot = find("D1 hot", &d1, Mix::Hot, &single)?;
    best.d2 = find("D2", &function, Mix::Uniform, &single[single.len() - 3..])?;
    best.d3 = find("D3", &batch, Mix::Uniform, &batches)?;
    best.select = find("select", &select, Mix::Uniform, &single)?;

    best.peer_connections = 64;
    for workers in if wide { vec![1, 2, 3, 4] } else { vec![2, 3] } {
        let name = format!("FastAPI, {workers} workers");
        let drive = drive(pace, best.peer_connections);
        let leg = leg::peer(stage, &name, bin, workers, drive)?;
        tried(&mut all, &leg);
        if leg.per_second > best.peer_per_second {
            (best.peer_workers, best.peer_per_second) = (workers, leg.per_second);
        }
    }
    best.tried = all;
    Ok(best)
}

/// Finds the best number of connections of our services, and the number of logins a second.
pub(super) fn ours(stage: &Stage, pace: Pace) -> Result<Best> {
    let mut best = Best::default();
    for connections in [128, 256, 512] {
        let name = format!("ours, {connections} connections");
        let leg = leg::ours(stage, &name, Mix::Uniform, drive(pace, connections))?;
        tried(&mut best.tried, &leg);
        if leg.per_second > best.ours_per_second {
            (best.connections, best.ours_per_second) = (connections, leg.per_second);
        }
    }
    best.hashing = leg::hashing_capacity(stage, pace.search_seconds)?;
    best.tried.push(("logins".to_owned(), best.hashing));
    eprintln!("logins: {:.0}/s", best.hashing);
    Ok(best)
}

fn drive(pace: Pace, connections: usize) -> Drive {
    Drive {
        connections,
        warm_seconds: pace.warm_seconds,
        seconds: pace.search_seconds,
        seed: 1_000 + connections as u64,
        ..Drive::default()
    }
}

fn best_of(
    stage: &Stage,
    pace: Pace,
    what: &str,
    scripts: &[(&'static str, &'static str)],
    mix: Mix,
    sizes: &[(usize, u32)],
    all: &mut Vec<(String, f64)>,
) -> Result<Choice> {
    let mut best = Choice::default();
    for (script, text) in scripts {
        for (place, (clients, size)) in sizes.iter().copied().enumerate() {
            let wanted = Denominator {
                script: text,
                mix,
                clients,
                size,
                rate: None,
                warm_seconds: 1,
                seconds: whole(pace.search_seconds),
            };
            let name = format!("{what}, {script}, {clients} clients, batches of {size}");
            let leg = leg::denominator(stage, &name, &wanted, place == 0)?;
            tried(all, &leg);
            if leg.per_second > best.per_second {
                best = Choice {
                    script: text,
                    clients,
                    size,
                    per_second: leg.per_second,
                };
            }
        }
    }
    Ok(best)
}

fn tried(all: &mut Vec<(String, f64)>, leg: &Leg) {
    eprintln!("{}", line(leg));
    all.push((leg.name.clone(), leg.per_second));
}
