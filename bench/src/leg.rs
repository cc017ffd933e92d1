//! One leg: fresh databases, a warm-up, the measured part until all sagas and events are done, and the audit.

mod denominator;
mod generator;
mod side_load;

pub use denominator::{Denominator, denominator};
pub use side_load::SideLoad;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Result;
use generator::{measure, warm_up};
use local_shop::Workload;
use serde::Serialize;
use side_load::{end_sessions, start};

use crate::{
    audit, cpu,
    load::What,
    log::{Entry, Report},
    peer::Peer,
    proxy::Proxy,
    stage::{COMBINED, Cpu, Stage, used},
    workload::Mix,
};

/// The results of a leg.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Leg {
    pub name: String,
    /// New orders that were confirmed, or requests that were answered, per second.
    pub per_second: f64,
    /// From the first request to the end of the last saga and event.
    pub seconds: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub answered: u64,
    pub replays: u64,
    pub refused: usize,
    pub turned_away: u64,
    pub unknown: usize,
    /// Seconds of CPU by process, in the measured part.
    pub cpu: Cpu,
    /// MiB by service, at the end.
    pub memory: Vec<(String, f64)>,
    /// Any violation voids the round.
    pub violations: Vec<String>,
}

/// How a leg is driven.
#[derive(Clone, Copy, Debug, Default)]
pub struct Drive {
    pub connections: usize,
    pub rate: Option<f64>,
    pub warm_seconds: f64,
    pub seconds: f64,
    pub seed: u64,
    /// The generator runs on one core.
    pub pinned: bool,
    pub side_load: SideLoad,
    /// The services' database sessions are ended by force, again and again: the responses must be true all the same.
    pub disturbed: bool,
}

impl Leg {
    /// `None` if the audit found anything.
    pub fn value(&self) -> Option<f64> {
        self.violations.is_empty().then_some(self.per_second)
    }

    pub fn p99(&self) -> Option<f64> {
        self.violations.is_empty().then_some(self.p99_ms)
    }

    fn of_report(name: &str, report: &Report, ended: u64, mut cpu: Cpu) -> Self {
        let seconds = micros_to_seconds(ended.max(report.ended) - report.started);
        cpu.push(("generator".to_owned(), report.cpu_seconds));
        Self {
            name: name.to_owned(),
            per_second: to_f64(report.answered) / seconds,
            seconds,
            p50_ms: report.latency.millis_at(500),
            p99_ms: report.latency.millis_at(990),
            answered: report.answered,
            replays: report.replays,
            refused: report.refused(),
            turned_away: report.turned_away,
            unknown: report.unknown(),
            cpu,
            violations: report.violations.clone(),
            ..Self::default()
        }
    }
}

/// Orders over HTTP through our services.
pub fn ours(stage: &Stage, name: &str, mix: Mix, drive: Drive) -> Result<Leg> {
    stage.services()?;
    let ports = stage.ports(Workload::Order)?;
    let pids = stage.pids();
    let (mut leg, entries) = orders(stage, name, &ports, "order", mix, drive, || stage.cpu())?;
    leg.memory = stage.memory();
    if stage.pids() != pids {
        leg.violations.push("a service ended".to_owned());
    }
    let databases = stage.databases("product", "order");
    leg.violations.extend(audit::audit(databases, &entries)?);
    Ok(leg)
}

/// Orders over HTTP through the conventional service.
pub fn peer(stage: &Stage, name: &str, bin: &Path, workers: usize, drive: Drive) -> Result<Leg> {
    stage.combined()?;
    let peer = Peer::start(stage, bin, workers)?;
    let cpu = || {
        let mut cpu = stage.cpu();
        cpu.push(("fastapi".to_owned(), cpu::of_family(peer.pid())));
        cpu
    };
    let ports = [peer.port];
    let (mut leg, entries) = orders(stage, name, &ports, COMBINED, Mix::Uniform, drive, cpu)?;
    peer.stop()?;
    let databases = stage.databases(COMBINED, COMBINED);
    leg.violations.extend(audit::audit(databases, &entries)?);
    Ok(leg)
}

/// Sends orders until the end of the last saga and event in `database`. Returns the leg before its audit, and all that the
/// clients logged. `cpu` reads what the processes have used.
fn orders(
    stage: &Stage,
    name: &str,
    ports: &[u16],
    database: &str,
    mix: Mix,
    drive: Drive,
    cpu: impl Fn() -> Cpu,
) -> Result<(Leg, Vec<Entry>)> {
    let tokens = stage.tokens()?;
    let orders = What::Orders { mix, tokens };
    let warm = warm_up(ports, orders.clone(), drive)?;
    stage.drained(database)?;
    let side_loads = start(stage, drive)?;
    let before = cpu();
    let measured = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        if drive.disturbed {
            scope.spawn(|| end_sessions(stage, &measured));
        }
        let report = measure(ports, orders, drive);
        measured.store(true, Ordering::Relaxed);
        report
    })?;
    let ended = stage.drained(database)?;
    let mut leg = Leg::of_report(name, &report, ended, used(&before, &cpu()));
    let mut answers = BTreeMap::new();
    for side_load in side_loads {
        let report = side_load
            .join()
            .map_err(|_| anyhow::anyhow!("the generator of a side load panicked"))??;
        leg.cpu.push(("others".to_owned(), report.cpu_seconds));
        for (status, count) in report.statuses {
            *answers.entry(status).or_default() += count;
        }
    }
    if !answers.is_empty() {
        leg.name = format!("{name} ({})", statuses(&answers));
    }
    let mut entries = warm.entries;
    entries.extend(report.entries);
    Ok((leg, entries))
}

/// `GET /products/{id}`, through a proxy if there is one.
pub fn products(stage: &Stage, name: &str, proxy: Option<&Path>, drive: Drive) -> Result<Leg> {
    stage.services()?;
    let direct = stage.ports(Workload::Product)?;
    let proxy = proxy
        .map(|binary| Proxy::start(stage, binary, &direct))
        .transpose()?;
    let ports = proxy.as_ref().map_or(direct, |proxy| vec![proxy.port]);
    let cpu = || {
        let mut cpu = stage.cpu();
        let traefik = proxy.as_ref().map(|proxy| cpu::of_process(proxy.pid()));
        cpu.extend(traefik.map(|used| ("traefik".to_owned(), used.unwrap_or_default())));
        cpu
    };
    warm_up(&ports, What::Products, drive)?;
    let before = cpu();
    let report = measure(&ports, What::Products, drive)?;
    let mut leg = Leg::of_report(name, &report, report.ended, used(&before, &cpu()));
    leg.memory = stage.memory();
    if report.statuses.keys().any(|status| *status != 200) {
        let statuses = statuses(&report.statuses);
        leg.violations.push(format!("answers: {statuses}"));
    }
    Ok(leg)
}

/// The logins per second that auth answers without any other load.
pub fn hashing_capacity(stage: &Stage, seconds: f64) -> Result<f64> {
    stage.services()?;
    let drive = Drive {
        connections: 4,
        seconds,
        seed: 77,
        ..Drive::default()
    };
    let report = measure(&stage.ports(Workload::Auth)?, What::Logins, drive)?;
    Ok(to_f64(report.answered) / micros_to_seconds(report.ended - report.started))
}

fn statuses(answers: &BTreeMap<u16, u64>) -> String {
    let all = answers.iter();
    all.map(|(status, count)| format!("{count} × {status}"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

fn micros_to_seconds(micros: u64) -> f64 {
    to_f64(micros) / 1e6
}
