//! The benchmark as a whole: who is how fast at best, then rounds of all legs, each round in the other direction than
//! the one before, then the table.

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

use anyhow::{Context, Result, ensure};
use clap::Args;
use local_shop::{Attack, Binaries};
use serde::Serialize;

use crate::{
    leg::{self, Beside, Denominator, Drive, Leg},
    peer, proxy, report,
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

impl Place {
    fn binaries(&self) -> Result<Binaries> {
        let beside = std::env::current_exe()?;
        let beside = beside.parent().context("no folder of this program")?;
        let folder = absolute(self.binaries.as_deref().unwrap_or(beside))?;
        Ok(Binaries::in_folder(&folder))
    }
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
    for of_name in legs.values_mut() {
        // Legs of a name in the order of the rounds, whatever the direction: they were pushed round by round.
        ensure!(of_name.len() == pace.rounds, "a leg is missing");
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
    eprintln!("Making the databases …");
    fs::create_dir_all(&place.logs)?;
    let logs = absolute(&place.logs)?;
    for old in fs::read_dir(&logs)? {
        fs::remove_file(old?.path())?;
    }
    Stage::build(place.binaries()?, &logs, replicas)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("{} is not there", path.display()))
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

fn attacked(stage: &Stage, attack: Attack, drive: Drive) -> Result<Leg> {
    let drive = Drive {
        beside: Beside::Attack(attack),
        ..drive
    };
    let name = format!("ours, attacked by {attack}");
    leg::ours(stage, &name, Mix::Uniform, drive)
}

/// One leg that fails is void; the others still count.
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
