//! The benchmark as a whole: who is how fast at best, then rounds of all legs, each round in the other direction than
//! the one before, then the table.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use local_shop::{Attack, Binaries};
use serde::Serialize;

use crate::{
    leg::{self, Beside, Denominator, Drive, Leg},
    peer, pgbench, proxy, report,
    stage::Stage,
    workload::Mix,
};

#[derive(Args)]
pub struct Settings {
    /// Minutes: three short rounds.
    #[arg(long, required_unless_present_any = ["full", "smoke"], conflicts_with = "full")]
    quick: bool,
    /// Seconds a leg: shows that everything runs, and measures nothing.
    #[arg(long, hide = true, conflicts_with_all = ["quick", "full"])]
    smoke: bool,
    /// Longer: five rounds of longer legs, and a wider search for everybody's best.
    #[arg(long)]
    full: bool,
    /// Other than the usual number of rounds.
    #[arg(long)]
    rounds: Option<usize>,
    #[command(flatten)]
    place: Place,
    /// Where results and the report are written.
    #[arg(long, default_value = "bench/results")]
    out: PathBuf,
    /// Where the peer's Python environment is kept, and a Traefik is looked for.
    #[arg(long, env = "ECOMMERCESTACK_CACHE")]
    cache: Option<PathBuf>,
    #[arg(long, env = "HOME", hide = true)]
    home: PathBuf,
}

#[derive(Args)]
pub struct Place {
    /// The folder of the services' binaries; without it, that of this program.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Where the logs of services and Postgres go.
    #[arg(long, default_value = "target/bench-logs")]
    logs: PathBuf,
}

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct LegSettings {
    #[command(flatten)]
    place: Place,
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// One line of every order names the same product.
    #[arg(long)]
    hot: bool,
    /// Of product, order and the worker.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// Orders a second, in an open loop.
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    #[arg(long, default_value_t = 3.0)]
    warm: f64,
    /// `GET /products/{id}` instead of orders.
    #[arg(long)]
    products: bool,
    /// The Traefik to read products through.
    #[arg(long, requires = "products")]
    traefik: Option<PathBuf>,
    /// Logins a second beside the orders.
    #[arg(long, conflicts_with = "attack")]
    flood: Option<f64>,
    /// What somebody sends beside the orders: bombs, bodies, poison, intents, searches or paths.
    #[arg(long, value_parser = Attack::from_str)]
    attack: Option<Attack>,
    /// Ends the services' sessions again and again: the audit must find nothing.
    #[arg(long)]
    disturb: bool,
    /// A statement run on the template of `product`, before; for planting faults.
    #[arg(long, hide = true)]
    sabotage: Option<String>,
    /// Counts statements with `pg_stat_statements`, and shows those that take most time.
    #[arg(long)]
    statements: bool,
}

/// How long and how often.
#[derive(Clone, Copy, Debug, Serialize)]
struct Pace {
    rounds: usize,
    seconds: f64,
    warm_seconds: f64,
    /// For finding out who is best with how many clients.
    search_seconds: f64,
}

/// What is not part of the repository.
struct Tools {
    /// The programs of the peer's Python environment.
    peer: PathBuf,
    /// A Traefik, where there is one.
    proxy: Option<PathBuf>,
}

/// With what each side is at its best, found before the rounds.
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
    /// Logins a second.
    pub hashing: f64,
    /// Everything that was tried: what, and how many a second.
    pub tried: Vec<(String, f64)>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Choice {
    pub script: &'static str,
    pub clients: usize,
    pub size: u32,
    pub per_second: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    OursUniform,
    OursHot,
    D1Uniform,
    D1Hot,
    D3,
    Peer,
    OursOpen,
    D1Open,
    OursFlooded,
    Products,
    Select,
    OursPinned,
    OursOverloaded,
    UnderBombs,
    UnderBodies,
    UnderPoison,
    UnderIntents,
    UnderSearches,
}

/// Legs in which others send what P14 lists; that of logins is P7's too.
pub const ATTACKED: [Name; 6] = [
    Name::OursFlooded,
    Name::UnderBombs,
    Name::UnderBodies,
    Name::UnderPoison,
    Name::UnderIntents,
    Name::UnderSearches,
];

/// Each beside what it is compared with, as far as that goes.
const ALL: [Name; 18] = [
    Name::UnderBombs,
    Name::UnderBodies,
    Name::UnderPoison,
    Name::OursUniform,
    Name::D1Uniform,
    Name::UnderIntents,
    Name::UnderSearches,
    Name::OursFlooded,
    Name::OursHot,
    Name::D1Hot,
    Name::D3,
    Name::Peer,
    Name::OursOpen,
    Name::D1Open,
    Name::Products,
    Name::Select,
    Name::OursPinned,
    Name::OursOverloaded,
];

pub type Legs = BTreeMap<Name, Vec<Leg>>;

pub fn run(settings: &Settings) -> Result<()> {
    let pace = if settings.full {
        Pace {
            rounds: settings.rounds.unwrap_or(5),
            seconds: 15.0,
            warm_seconds: 5.0,
            search_seconds: 5.0,
        }
    } else if settings.smoke {
        Pace {
            rounds: settings.rounds.unwrap_or(1),
            seconds: 1.0,
            warm_seconds: 0.5,
            search_seconds: 1.0,
        }
    } else {
        Pace {
            rounds: settings.rounds.unwrap_or(3),
            seconds: 6.0,
            warm_seconds: 2.0,
            search_seconds: 3.0,
        }
    };
    let cache = settings
        .cache
        .clone()
        .unwrap_or_else(|| settings.home.join(".cache/ecommercestack"));
    let began = Instant::now();
    let tools = Tools {
        peer: peer::environment(&cache)?,
        proxy: proxy::find(&cache),
    };
    let mut stage = build(&settings.place, 1)?;
    let best = search(&stage, &tools.peer, pace, settings.full)?;
    let mut legs = Legs::new();
    for round in 0..pace.rounds {
        let mut names = ALL.to_vec();
        if round % 2 == 1 {
            names.reverse();
        }
        for name in names {
            // One leg that fails is void; the others still count.
            let leg = one(&stage, &tools, name, &best, pace, round).unwrap_or_else(|error| Leg {
                name: format!("{name:?}"),
                violations: vec![format!("{error:#}")],
                ..Leg::default()
            });
            eprintln!("round {}: {}", round + 1, line(&leg));
            legs.entry(name).or_default().push(leg);
        }
    }
    for of_name in legs.values_mut() {
        // Legs of a name in the order of the rounds, whatever the direction: they were pushed round by round.
        ensure!(of_name.len() == pace.rounds, "a leg is missing");
    }
    let statements = statements(&mut stage, &best, pace)?;
    let text = report::write(
        &settings.out,
        &report::Run {
            mode: match (settings.full, settings.smoke) {
                (true, _) => "full",
                (false, true) => "smoke",
                (false, false) => "quick",
            },
            minutes: began.elapsed().as_secs_f64() / 60.0,
            rounds: pace.rounds,
            best: &best,
            legs: &legs,
            statements: &statements,
            postgres: &stage
                .shop()
                .sql("postgres", "SHOW server_version")?
                .join(""),
        },
    )?;
    println!("{text}");
    Ok(())
}

/// One leg of ours, printed.
pub fn leg(settings: &LegSettings) -> Result<()> {
    let mut stage = build(&settings.place, settings.replicas)?;
    let drive = Drive {
        connections: settings.connections,
        rate: settings.rate,
        warm_seconds: settings.warm,
        seconds: settings.seconds,
        seed: 1,
        pinned: false,
        beside: match (settings.attack, settings.flood) {
            (Some(attack), _) => Beside::Attack(attack),
            (None, Some(rate)) => Beside::Logins(rate),
            (None, None) => Beside::Nothing,
        },
        disturbed: settings.disturb,
    };
    let mix = if settings.hot { Mix::Hot } else { Mix::Uniform };
    if let Some(statement) = &settings.sabotage {
        stage.shop().sql("product_template", statement)?;
    }
    if settings.statements {
        watch_statements(&mut stage)?;
    }
    let leg = if settings.products {
        leg::products(&stage, "products", settings.traefik.as_deref(), drive)?
    } else {
        leg::ours(&stage, "ours", mix, drive)?
    };
    println!("{}", serde_json::to_string_pretty(&leg)?);
    ensure!(leg.violations.is_empty(), "the leg is void");
    if settings.statements {
        for row in slowest_statements(&stage)? {
            println!("{row}");
        }
        println!("{:?}", counted_statements(&stage)?);
    }
    Ok(())
}

fn build(place: &Place, replicas: usize) -> Result<Stage> {
    eprintln!("Making the databases …");
    fs::create_dir_all(&place.logs)?;
    let beside = std::env::current_exe()?;
    let beside = beside.parent().context("no folder of this program")?;
    let binaries = absolute(place.binaries.as_deref().unwrap_or(beside))?;
    let logs = absolute(&place.logs)?;
    for old in fs::read_dir(&logs)? {
        fs::remove_file(old?.path())?;
    }
    Stage::build(Binaries::in_folder(&binaries), &logs, replicas)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("{} is not there", path.display()))
}

/// Everybody's best number of clients.
fn search(stage: &Stage, bin: &Path, pace: Pace, wide: bool) -> Result<Best> {
    let mut best = Best::default();
    let drive = |connections| Drive {
        connections,
        rate: None,
        warm_seconds: pace.warm_seconds,
        seconds: pace.search_seconds,
        seed: 1_000 + connections as u64,
        pinned: false,
        beside: Beside::Nothing,
        disturbed: false,
    };
    for connections in [128, 256, 512] {
        let leg = leg::ours(
            stage,
            &format!("ours, {connections} connections"),
            Mix::Uniform,
            drive(connections),
        )?;
        tried(&mut best.tried, &leg);
        if leg.per_second > best.ours_per_second {
            (best.connections, best.ours_per_second) = (connections, leg.per_second);
        }
    }
    best.hashing = leg::hashing_capacity(stage, pace.search_seconds)?;
    best.tried.push(("logins".to_owned(), best.hashing));
    eprintln!("logins: {:.0}/s", best.hashing);

    let clients: &[usize] = if wide { &[1, 2, 4, 8, 16] } else { &[4, 8, 16] };
    let d1 = [
        ("lock-first", pgbench::LOCK_FIRST),
        ("lock-last", pgbench::LOCK_LAST),
    ];
    let single = |clients: &[usize]| {
        clients
            .iter()
            .map(|clients| (*clients, 1))
            .collect::<Vec<_>>()
    };
    let batches: Vec<(usize, u32)> = [1, 2, 4]
        .into_iter()
        .flat_map(|clients| [32, 64, 128].map(|size| (clients, size)))
        .collect();
    let mut find =
        |what: &str, scripts: &[(&'static str, &'static str)], mix, sizes: &[(usize, u32)]| {
            best_of(stage, pace, what, scripts, mix, sizes, &mut best.tried)
        };
    let d1_uniform = find("D1 uniform", &d1, Mix::Uniform, &single(clients))?;
    let d1_hot = find("D1 hot", &d1, Mix::Hot, &single(clients))?;
    let d2 = find(
        "D2",
        &[("function", pgbench::BATCH)],
        Mix::Uniform,
        &single(&clients[clients.len() - 3..]),
    )?;
    let d3 = find("D3", &[("batch", pgbench::BATCH)], Mix::Uniform, &batches)?;
    let select = find(
        "select",
        &[("select", pgbench::SELECT)],
        Mix::Uniform,
        &single(clients),
    )?;
    best = Best {
        d1_uniform,
        d1_hot,
        d2,
        d3,
        select,
        ..best
    };

    best.peer_connections = 64;
    for workers in if wide { vec![1, 2, 3, 4] } else { vec![2, 3] } {
        let name = format!("FastAPI, {workers} workers");
        let leg = leg::peer(
            stage,
            &name,
            bin,
            workers,
            Mix::Uniform,
            drive(best.peer_connections),
        )?;
        tried(&mut best.tried, &leg);
        if leg.per_second > best.peer_per_second {
            (best.peer_workers, best.peer_per_second) = (workers, leg.per_second);
        }
    }
    Ok(best)
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

fn at_best(best: &Best, pace: Pace, round: usize) -> Drive {
    Drive {
        connections: best.connections,
        rate: None,
        warm_seconds: pace.warm_seconds,
        seconds: pace.seconds,
        seed: 10 + round as u64,
        pinned: false,
        beside: Beside::Nothing,
        disturbed: false,
    }
}

fn attacked(stage: &Stage, attack: Attack, drive: Drive) -> Result<Leg> {
    let drive = Drive {
        beside: Beside::Attack(attack),
        ..drive
    };
    let name = format!("ours, attacked by {}", attack.name());
    leg::ours(stage, &name, Mix::Uniform, drive)
}

fn one(
    stage: &Stage,
    tools: &Tools,
    name: Name,
    best: &Best,
    pace: Pace,
    round: usize,
) -> Result<Leg> {
    let drive = at_best(best, pace, round);
    let denominator = |name: &str, choice: &Choice, mix, rate| {
        let wanted = Denominator {
            script: choice.script,
            mix,
            clients: choice.clients,
            size: choice.size,
            rate,
            warm_seconds: whole(pace.warm_seconds),
            seconds: whole(pace.seconds),
        };
        leg::denominator(stage, name, &wanted, true)
    };
    let half = |per_second: f64| Some(per_second / 2.0);
    match name {
        Name::OursUniform => leg::ours(stage, "ours", Mix::Uniform, drive),
        Name::OursHot => leg::ours(stage, "ours, hot", Mix::Hot, drive),
        Name::D1Uniform => denominator("D1", &best.d1_uniform, Mix::Uniform, None),
        Name::D1Hot => denominator("D1, hot", &best.d1_hot, Mix::Hot, None),
        Name::D3 => denominator("D3", &best.d3, Mix::Uniform, None),
        Name::Peer => {
            let drive = Drive {
                connections: best.peer_connections,
                ..drive
            };
            leg::peer(
                stage,
                "FastAPI",
                &tools.peer,
                best.peer_workers,
                Mix::Uniform,
                drive,
            )
        }
        Name::OursOpen => {
            let drive = Drive {
                rate: half(best.ours_per_second),
                ..drive
            };
            leg::ours(stage, "ours, half of the maximum", Mix::Uniform, drive)
        }
        Name::D1Open => {
            // Of the transactions, some are refused or repeated; the rate counts them all.
            let rate = half(best.d1_uniform.per_second);
            // Clients as many as an open loop needs, not as a closed one likes.
            let choice = Choice {
                clients: 16,
                ..best.d1_uniform.clone()
            };
            denominator("D1, half of the maximum", &choice, Mix::Uniform, rate)
        }
        Name::OursFlooded => {
            let drive = Drive {
                beside: Beside::Logins(10.0 * best.hashing),
                ..drive
            };
            leg::ours(stage, "ours, flooded with logins", Mix::Uniform, drive)
        }
        Name::Products => {
            let drive = Drive {
                connections: 128,
                ..drive
            };
            let way = if tools.proxy.is_some() {
                "through Traefik"
            } else {
                "direct"
            };
            let name = format!("GET /products/{{id}}, {way}");
            leg::products(stage, &name, tools.proxy.as_deref(), drive)
        }
        Name::Select => denominator("select by key", &best.select, Mix::Uniform, None),
        Name::OursPinned => {
            let drive = Drive {
                pinned: true,
                ..drive
            };
            leg::ours(stage, "ours, generator on one core", Mix::Uniform, drive)
        }
        Name::UnderBombs => attacked(stage, Attack::Bombs, drive),
        Name::UnderBodies => attacked(stage, Attack::Bodies, drive),
        Name::UnderPoison => attacked(stage, Attack::Poison, drive),
        Name::UnderIntents => attacked(stage, Attack::Intents, drive),
        Name::UnderSearches => attacked(stage, Attack::Searches, drive),
        Name::OursOverloaded => {
            let drive = Drive {
                pinned: true,
                connections: 3 * best.connections,
                ..drive
            };
            leg::ours(
                stage,
                "ours, three times the connections",
                Mix::Uniform,
                drive,
            )
        }
    }
}

/// Statements an order, by database, with `pg_stat_statements` counting.
fn statements(stage: &mut Stage, best: &Best, pace: Pace) -> Result<Vec<(String, f64)>> {
    watch_statements(stage)?;
    let drive = Drive {
        connections: best.connections,
        rate: None,
        warm_seconds: 0.5,
        seconds: pace.search_seconds,
        seed: 99,
        pinned: false,
        beside: Beside::Nothing,
        disturbed: false,
    };
    leg::ours(stage, "statements", Mix::Uniform, drive)?;
    counted_statements(stage)
}

fn watch_statements(stage: &mut Stage) -> Result<()> {
    let postgres = stage.shop_mut().postgres_mut();
    postgres.stop()?;
    postgres.set("shared_preload_libraries", "pg_stat_statements");
    postgres.start_again()?;
    postgres.psql("postgres", "CREATE EXTENSION pg_stat_statements")?;
    Ok(())
}

fn counted_statements(stage: &Stage) -> Result<Vec<(String, f64)>> {
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

fn slowest_statements(stage: &Stage) -> Result<Vec<String>> {
    stage.shop().sql(
        "postgres",
        "SELECT datname, calls, round(total_exec_time::numeric) AS ms, round(mean_exec_time::numeric, 3) AS mean_ms, rows,
             left(regexp_replace(query, '\\s+', ' ', 'g'), 110)
         FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE datname IN ('product', 'order')
         ORDER BY total_exec_time DESC LIMIT 40",
    )
}

/// A leg in a line, for whoever watches.
pub fn line(leg: &Leg) -> String {
    let mut text = format!("{}: {:.0}/s", leg.name, leg.per_second);
    if leg.p99_ms > 0.0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ", p50 {:.1} ms, p99 {:.1} ms", leg.p50_ms, leg.p99_ms);
    }
    for violation in &leg.violations {
        let _ = write!(text, "\n  VOID: {violation}");
    }
    text
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds"
)]
fn whole(seconds: f64) -> u32 {
    seconds.max(1.0) as u32
}
