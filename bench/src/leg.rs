//! One leg: fresh databases, a warm-up, the measured part until all sagas and events are done, and the audit.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use local_shop::{Attack, Target, Volley, Workload};
use serde::{Deserialize, Serialize};

use crate::{
    audit::{self, Books},
    catalogue::{CUSTOMERS, customer_id, product_id, template_order_id},
    cpu,
    load::{Specification, What},
    log::{Entry, Report},
    peer::Peer,
    pgbench::{self, HEAD},
    proxy::Proxy,
    stage::{COMBINED, Cpu, Stage, used},
    workload::Mix,
};

/// Accounts that a flood of logins keeps trying, at the same time.
const FLOOD_CONNECTIONS: usize = 512;
/// Until queues are full and connections open.
const HEAD_START: Duration = Duration::from_millis(500);
const DISTURBANCES: Duration = Duration::from_millis(100);

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

/// What others send while the orders are measured.
#[derive(Clone, Copy, Debug, Default)]
pub enum Beside {
    #[default]
    Nothing,
    /// Logins, so many a second.
    Logins(f64),
    Attack(Attack),
}

/// How a leg is driven.
#[derive(Clone, Copy, Debug)]
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

/// What the denominators are asked for.
#[derive(Clone, Debug)]
pub struct Denominator {
    pub script: &'static str,
    pub mix: Mix,
    pub clients: usize,
    /// Orders in a batch; 1 for all that have no batch.
    pub size: u32,
    pub rate: Option<f64>,
    pub warm_seconds: u32,
    pub seconds: u32,
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
        rate: None,
        warm_seconds: 0.0,
        seconds,
        seed: 77,
        pinned: false,
        beside: Beside::Nothing,
        disturbed: false,
    };
    let report = measure(&stage.ports(Workload::Auth)?, What::Logins, drive)?;
    Ok(to_f64(report.answered) / micros_to_seconds(report.ended - report.started))
}

/// pgbench on the database with both schemas. `restore` gives it fresh tables first.
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
        database: COMBINED,
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
    let base = crate::stage::unix_micros()? / 1_000;
    if wanted.warm_seconds > 0 {
        pgbench::run(&round(wanted.warm_seconds, None, base))?;
    }
    stage.drained(COMBINED)?;
    // Far enough on for no time to be used twice.
    let base = base + 100_000_000;
    let orders = || -> Result<f64> {
        let count = postgres.psql(COMBINED, "SELECT count(*) FROM orders")?;
        count.first().context("no count")?.parse().context("count")
    };
    let (before, before_orders) = (stage.cpu(), orders()?);
    let outcome = pgbench::run(&round(wanted.seconds, wanted.rate, base))?;
    let ended = crate::stage::unix_micros()?;
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
        let books = Books {
            postgres,
            product: COMBINED,
            order: COMBINED,
        };
        leg.violations = audit::stock(books)?;
    }
    Ok(leg)
}

fn warm_up(ports: &[u16], what: What, drive: Drive) -> Result<Report> {
    let specification = Specification {
        ports: ports.to_owned(),
        seconds: drive.warm_seconds,
        connections: drive.connections,
        rate: drive.rate,
        seed: drive.seed.wrapping_mul(2),
        what,
    };
    generate(&specification, drive.pinned)
}

fn measure(ports: &[u16], what: What, drive: Drive) -> Result<Report> {
    let specification = Specification {
        ports: ports.to_owned(),
        seconds: drive.seconds,
        connections: drive.connections,
        rate: drive.rate,
        seed: drive.seed.wrapping_mul(2).wrapping_add(1),
        what,
    };
    generate(&specification, drive.pinned)
}

/// Ends the sessions that write, several times a second, so that commits fail in every way they can.
fn disturb(stage: &Stage, calm: &AtomicBool) {
    while !calm.load(Ordering::Relaxed) {
        // Sessions that are gone already are no matter.
        let _ = stage.shop().sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('order-write', 'product')",
        );
        std::thread::sleep(DISTURBANCES);
    }
}

type Other = std::thread::JoinHandle<Result<Report>>;

/// What is sent beside the orders, for as long as those take.
fn others(stage: &Stage, drive: Drive) -> Result<Vec<Other>> {
    let seconds = drive.seconds + HEAD_START.as_secs_f64();
    let seed = drive.seed ^ 0xf100d;
    let specifications = match drive.beside {
        Beside::Nothing => return Ok(Vec::new()),
        Beside::Attack(attack) => {
            let volleys = attack.volleys(&target(stage))?;
            let specification = |volley: Volley| -> Result<Specification> {
                Ok(Specification {
                    ports: stage.ports(volley.service)?,
                    seconds,
                    connections: volley.connections,
                    rate: Some(volley.rate),
                    seed,
                    what: What::Anything {
                        requests: volley.requests,
                    },
                })
            };
            volleys
                .into_iter()
                .map(specification)
                .collect::<Result<_>>()?
        }
        Beside::Logins(rate) => vec![Specification {
            ports: stage.ports(Workload::Auth)?,
            seconds,
            connections: FLOOD_CONNECTIONS,
            rate: Some(rate),
            seed,
            what: What::Logins,
        }],
    };
    let others = specifications
        .into_iter()
        .map(|specification| std::thread::spawn(move || generate(&specification, false)))
        .collect();
    std::thread::sleep(HEAD_START);
    Ok(others)
}

/// Nobody in it is one of the bystanders, but the customer of the order.
fn target(stage: &Stage) -> Target<'_> {
    Target {
        tokens: stage.shop().tokens(),
        sku: "P00002",
        product: product_id(2),
        order: template_order_id(CUSTOMERS),
        customer: customer_id(0),
        stranger: customer_id(CUSTOMERS),
    }
}

/// Runs the generator in a process of its own.
fn generate(specification: &Specification, pinned: bool) -> Result<Report> {
    let own = std::env::current_exe()?;
    let mut command = if pinned {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(own);
        command
    } else {
        Command::new(own)
    };
    let mut generator = command
        .arg("load")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the generator cannot be started")?;
    let mut stdin = generator.stdin.take().context("no stdin")?;
    stdin.write_all(&serde_json::to_vec(specification)?)?;
    drop(stdin);
    let output = generator.wait_with_output()?;
    ensure!(
        output.status.success(),
        "the generator failed: {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("the generator's report")
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
