//! The benchmark as a whole: the search for each side's best parameters, then rounds of all legs, every other round in
//! reverse order, then the report.

mod compare;
mod search;
mod single;
mod statements;

pub use compare::{CompareSettings, compare};
pub use search::{Best, Choice};
pub use single::{LegSettings, leg};

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use local_shop::{Attack, Binaries};
use serde::Serialize;

use crate::{
    leg::{self, Denominator, Drive, Leg, SideLoad},
    peer, proxy, report,
    stage::Stage,
    workload::Mix,
};

#[derive(Args)]
pub struct Settings {
    /// Runs three short rounds, which take minutes.
    #[arg(long, required_unless_present_any = ["full", "smoke"], conflicts_with = "full")]
    quick: bool,
    /// Runs legs of a second, which show that everything works and measure nothing.
    #[arg(long, hide = true, conflicts_with_all = ["quick", "full"])]
    smoke: bool,
    /// Runs five rounds of longer legs, and a wider search for the best parameters.
    #[arg(long)]
    full: bool,
    /// Number of rounds, in place of the usual one.
    #[arg(long)]
    rounds: Option<usize>,
    #[command(flatten)]
    place: Place,
    /// Folder of the results and the report.
    #[arg(long, default_value = "bench/results")]
    out: PathBuf,
    /// Folder of the peer's Python environment, in which Traefik is looked for too.
    #[arg(long, env = "ECOMMERCESTACK_CACHE")]
    cache: Option<PathBuf>,
    #[arg(long, env = "HOME", hide = true)]
    home: PathBuf,
}

#[derive(Args)]
pub struct Place {
    /// Folder of the services' binaries; by default that of this program.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Folder of the logs of services and Postgres.
    #[arg(long, default_value = "target/bench-logs")]
    logs: PathBuf,
}

impl Place {
    pub(crate) fn logs(&self) -> &Path {
        &self.logs
    }

    pub(crate) fn binaries(&self) -> Result<Binaries> {
        let beside = std::env::current_exe()?;
        let beside = beside.parent().context("no folder of this program")?;
        let folder = absolute(self.binaries.as_deref().unwrap_or(beside))?;
        Ok(Binaries::in_folder(&folder))
    }
}

/// The number of rounds and the length of legs.
#[derive(Clone, Copy, Debug, Serialize)]
struct Pace {
    rounds: usize,
    seconds: f64,
    warm_seconds: f64,
    /// The length of a leg of the search.
    search_seconds: f64,
}

/// Programs that are not part of the repository.
struct Tools {
    /// The programs of the peer's Python environment.
    peer: PathBuf,
    /// Traefik, if it has been built.
    proxy: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
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

/// The legs of P14, in which other clients attack; the one with logins is P7 too.
pub const ATTACKED: [Name; 6] = [
    Name::OursFlooded,
    Name::UnderBombs,
    Name::UnderBodies,
    Name::UnderPoison,
    Name::UnderIntents,
    Name::UnderSearches,
];

/// All legs in the order in which a round runs them: where possible, a leg is next to those that it is compared with.
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
    let (mode, rounds, [seconds, warm_seconds, search_seconds]) =
        match (settings.full, settings.smoke) {
            (true, _) => ("full", 5, [15.0, 5.0, 5.0]),
            (false, true) => ("smoke", 1, [1.0, 0.5, 1.0]),
            (false, false) => ("quick", 3, [6.0, 2.0, 3.0]),
        };
    let pace = Pace {
        rounds: settings.rounds.unwrap_or(rounds),
        seconds,
        warm_seconds,
        search_seconds,
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
    let best = search::search(&stage, &tools.peer, pace, settings.full)?;
    let mut legs = Legs::new();
    for round in 0..pace.rounds {
        let mut names = ALL.to_vec();
        if round % 2 == 1 {
            names.reverse();
        }
        for name in names {
            let leg = counted(&stage, &tools, name, &best, pace, round);
            eprintln!("round {}: {}", round + 1, line(&leg));
            legs.entry(name).or_default().push(leg);
        }
    }
    let statements = statements::statements(&mut stage, &best, pace)?;
    let text = report::write(
        &settings.out,
        &report::Run {
            mode,
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

fn build(place: &Place, replicas: usize) -> Result<Stage> {
    eprintln!("Creating the databases …");
    fs::create_dir_all(&place.logs)?;
    let logs = absolute(&place.logs)?;
    for old in fs::read_dir(&logs)? {
        fs::remove_file(old?.path())?;
    }
    Stage::build(place.binaries()?, &logs, replicas)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("{} does not exist", path.display()))
}

fn at_best(best: &Best, pace: Pace, round: usize) -> Drive {
    Drive {
        connections: best.connections,
        warm_seconds: pace.warm_seconds,
        seconds: pace.seconds,
        seed: 10 + round as u64,
        ..Drive::default()
    }
}

fn attacked(stage: &Stage, attack: Attack, mut drive: Drive) -> Result<Leg> {
    drive.side_load = SideLoad::Attack(attack);
    let name = format!("ours, attacked by {attack}");
    leg::ours(stage, &name, Mix::Uniform, drive)
}

/// A leg that fails is void; the others are still valid.
fn counted(stage: &Stage, tools: &Tools, name: Name, best: &Best, pace: Pace, round: usize) -> Leg {
    one(stage, tools, name, best, pace, round).unwrap_or_else(|error| Leg {
        name: format!("{name:?}"),
        violations: vec![format!("{error:#}")],
        ..Leg::default()
    })
}

fn one(
    stage: &Stage,
    tools: &Tools,
    name: Name,
    best: &Best,
    pace: Pace,
    round: usize,
) -> Result<Leg> {
    let mut drive = at_best(best, pace, round);
    let ours = |name: &str, drive| leg::ours(stage, name, Mix::Uniform, drive);
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
        Name::OursUniform => ours("ours", drive),
        Name::OursHot => leg::ours(stage, "ours, hot", Mix::Hot, drive),
        Name::D1Uniform => denominator("D1", &best.d1_uniform, Mix::Uniform, None),
        Name::D1Hot => denominator("D1, hot", &best.d1_hot, Mix::Hot, None),
        Name::D3 => denominator("D3", &best.d3, Mix::Uniform, None),
        Name::Peer => {
            drive.connections = best.peer_connections;
            leg::peer(stage, "FastAPI", &tools.peer, best.peer_workers, drive)
        }
        Name::OursOpen => {
            drive.rate = half(best.ours_per_second);
            ours("ours, half of the maximum", drive)
        }
        Name::D1Open => {
            // The rate is of all transactions, of which some are refused or repeated.
            let rate = half(best.d1_uniform.per_second);
            // An open loop needs more clients than the best closed loop has.
            let choice = Choice {
                clients: 16,
                ..best.d1_uniform.clone()
            };
            denominator("D1, half of the maximum", &choice, Mix::Uniform, rate)
        }
        Name::OursFlooded => {
            drive.side_load = SideLoad::Logins(10.0 * best.hashing);
            ours("ours, flooded with logins", drive)
        }
        Name::Products => {
            drive.connections = 128;
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
            drive.pinned = true;
            ours("ours, generator on one core", drive)
        }
        Name::UnderBombs => attacked(stage, Attack::Bombs, drive),
        Name::UnderBodies => attacked(stage, Attack::Bodies, drive),
        Name::UnderPoison => attacked(stage, Attack::Poison, drive),
        Name::UnderIntents => attacked(stage, Attack::Intents, drive),
        Name::UnderSearches => attacked(stage, Attack::Searches, drive),
        Name::OursOverloaded => {
            drive.pinned = true;
            drive.connections = 3 * best.connections;
            ours("ours, three times the connections", drive)
        }
    }
}

/// A leg in a line, for standard error.
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
