//! One leg: fresh databases, a warm-up, the measured part until all sagas and events are done, and the audit.

mod beside;
mod denominator;
mod generator;

pub use beside::Beside;
pub use denominator::{Denominator, denominator};

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Result;
use beside::{disturb, others};
use generator::{measure, warm_up};
use local_shop::Workload;
use serde::{Deserialize, Serialize};

use crate::{
    audit::{self, Books},
    cpu,
    load::What,
    log::{Entry, Report},
    peer::Peer,
    proxy::Proxy,
    stage::{COMBINED, Cpu, Stage, used},
    workload::Mix,
};

/// What a leg came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Leg {
    pub name: String,
    /// Fresh orders that were confirmed, or requests that were answered, a second.
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
    /// Anything here voids the round.
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
    /// The generator keeps to one core.
    pub pinned: bool,
    pub beside: Beside,
    /// The services' sessions are ended by force, again and again: what is told must be true all the same.
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

    fn of_report(name: &str, report: &Report, ended: u64) -> Self {
        let seconds = micros_to_seconds(ended.max(report.ended) - report.started);
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
            violations: report.violations.clone(),
            ..Self::default()
        }
    }
}

/// Orders over HTTP through our services.
pub fn ours(stage: &Stage, name: &str, mix: Mix, drive: Drive) -> Result<Leg> {
    stage.services()?;
    let orders = What::Orders {
        mix,
        tokens: stage.tokens()?,
    };
    let ports = stage.ports(Workload::Order)?;
    let warm = warm_up(&ports, orders.clone(), drive)?;
    stage.drained("order")?;
    let pids = stage.pids();
    let others = others(stage, drive)?;
    let before = stage.cpu();
    let calm = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        if drive.disturbed {
            scope.spawn(|| disturb(stage, &calm));
        }
        let report = measure(&ports, orders, drive);
        calm.store(true, Ordering::Relaxed);
        report
    })?;
    let ended = stage.drained("order")?;
    let after = stage.cpu();
    let mut leg = Leg::of_report(name, &report, ended);
    leg.cpu = used(&before, &after);
    leg.cpu.push(("generator".to_owned(), report.cpu_seconds));
    leg.memory = stage.memory();
    let mut answers = BTreeMap::new();
    for other in others {
        let report = other
            .join()
            .map_err(|_| anyhow::anyhow!("a generator beside the orders panicked"))??;
        leg.cpu.push(("others".to_owned(), report.cpu_seconds));
        for (status, count) in report.statuses {
            *answers.entry(status).or_default() += count;
        }
    }
    if !answers.is_empty() {
        leg.name = format!("{name} ({})", statuses(&answers));
    }
    if stage.pids() != pids {
        leg.violations.push("a service ended".to_owned());
    }
    let books = Books {
        postgres: stage.shop().postgres(),
        product: "product",
        order: "order",
    };
    let entries: Vec<&Entry> = warm.entries.iter().chain(&report.entries).collect();
    leg.violations.extend(audit::audit(books, &entries)?);
    Ok(leg)
}

/// Orders over HTTP through the conventional service.
pub fn peer(
    stage: &Stage,
    name: &str,
    bin: &Path,
    workers: usize,
    mix: Mix,
    drive: Drive,
) -> Result<Leg> {
    stage.combined()?;
    let peer = Peer::start(stage, bin, workers)?;
    let orders = What::Orders {
        mix,
        tokens: stage.tokens()?,
    };
    let warm = warm_up(&[peer.port], orders.clone(), drive)?;
    stage.drained(COMBINED)?;
    let (before, peer_before) = (stage.cpu(), cpu::of_family(peer.pid()));
    let report = measure(&[peer.port], orders, drive)?;
    let mut leg = Leg::of_report(name, &report, stage.drained(COMBINED)?);
    leg.cpu = used(&before, &stage.cpu());
    leg.cpu.push((
        "fastapi".to_owned(),
        cpu::of_family(peer.pid()) - peer_before,
    ));
    leg.cpu.push(("generator".to_owned(), report.cpu_seconds));
    peer.stop()?;
    let books = Books {
        postgres: stage.shop().postgres(),
        product: COMBINED,
        order: COMBINED,
    };
    let entries: Vec<&Entry> = warm.entries.iter().chain(&report.entries).collect();
    leg.violations.extend(audit::audit(books, &entries)?);
    Ok(leg)
}

/// `GET /products/{id}`, through a proxy if there is one.
pub fn products(stage: &Stage, name: &str, proxy: Option<&Path>, drive: Drive) -> Result<Leg> {
    stage.services()?;
    let direct = stage.ports(Workload::Product)?;
    let proxy = proxy
        .map(|binary| Proxy::start(stage, binary, &direct))
        .transpose()?;
    let ports = proxy.as_ref().map_or(direct, |proxy| vec![proxy.port]);
    let proxied = || {
        let times = proxy
            .as_ref()
            .and_then(|proxy| cpu::of_process(proxy.pid()));
        times.map_or(0.0, |times| times.own)
    };
    warm_up(&ports, What::Products, drive)?;
    let (before, proxy_before) = (stage.cpu(), proxied());
    let report = measure(&ports, What::Products, drive)?;
    let mut leg = Leg::of_report(name, &report, report.ended);
    leg.cpu = used(&before, &stage.cpu());
    leg.cpu.push(("generator".to_owned(), report.cpu_seconds));
    if proxy.is_some() {
        leg.cpu
            .push(("traefik".to_owned(), proxied() - proxy_before));
    }
    leg.memory = stage.memory();
    if report.statuses.iter().any(|(status, _)| *status != 200) {
        leg.violations.push(format!(
            "answers: {}",
            statuses(&report.statuses.iter().copied().collect())
        ));
    }
    Ok(leg)
}

/// Logins a second that auth can answer when nobody wants anything else.
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
