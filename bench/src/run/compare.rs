//! Two versions of the shop in one run, in turn: is any figure worse than before? What a figure is divided by (D1, D3, the
//! peer, the select by key) does not depend on the version and cancels out, so that only our own legs are run.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use local_shop::Binaries;
use serde::Serialize;

use super::{Legs, Name, Pace, Place, Tools, absolute, build, counted, line, search};
use crate::{
    leg::Leg,
    ratio::{Better, Figure, Target, table},
};

const COMPARED: [Name; 7] = [
    Name::OursUniform,
    Name::OursHot,
    Name::OursOpen,
    Name::OursFlooded,
    Name::Products,
    Name::OursPinned,
    Name::OursOverloaded,
];

#[derive(Args)]
pub struct CompareSettings {
    /// The folder of the binaries of the version before; both versions must have the same migrations.
    #[arg(long)]
    before: PathBuf,
    #[arg(long, default_value_t = 8)]
    rounds: usize,
    /// Of each leg.
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    #[command(flatten)]
    place: Place,
    /// The legs to run, for a figure that needs more rounds than the others; figures of other legs are shown as unmeasured.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = COMPARED)]
    only: Vec<Name>,
    /// The Traefik to read products through.
    #[arg(long)]
    traefik: Option<PathBuf>,
    /// Where the legs of both versions are written.
    #[arg(long, default_value = "bench/results/compare.json")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Version {
    name: &'static str,
    #[serde(skip)]
    binaries: Binaries,
    legs: Legs,
}

/// Runs our legs with both versions, and prints the figures of this one ÷ those of the one before.
pub fn compare(settings: &CompareSettings) -> Result<()> {
    let pace = Pace {
        rounds: settings.rounds,
        seconds: settings.seconds,
        warm_seconds: 2.0,
        search_seconds: 3.0,
    };
    let tools = Tools {
        peer: PathBuf::new(),
        proxy: settings.traefik.clone(),
    };
    let version = |name, binaries| Version {
        name,
        binaries,
        legs: Legs::new(),
    };
    let before = Binaries::in_folder(&absolute(&settings.before)?);
    let mut versions = [
        version("before", before),
        version("now", settings.place.binaries()?),
    ];
    if let Some(folder) = settings.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut stage = build(&settings.place, 1)?;
    let best = search::ours(&stage, pace)?;
    for round in 0..pace.rounds {
        for &name in &settings.only {
            for version in &mut versions {
                stage.shop_mut().set_binaries(version.binaries.clone());
                let leg = counted(&stage, &tools, name, &best, pace, round);
                eprintln!("round {}, {}: {}", round + 1, version.name, line(&leg));
                version.legs.entry(name).or_default().push(leg);
            }
            versions.reverse();
        }
    }
    versions.sort_by_key(|version| version.name);
    let [before, now] = &versions;
    println!("{}", table(&figures(&before.legs, &now.legs, pace.rounds)));
    std::fs::write(
        &settings.out,
        serde_json::to_string_pretty(&versions)? + "\n",
    )?;
    Ok(())
}

/// Each figure of now ÷ that of before, round by round, as far as neither is void: above 1 it has become better.
fn figures(before: &Legs, now: &Legs, rounds: usize) -> Vec<Figure> {
    let figure = |id, what: &str, of: fn(&Legs, usize) -> Option<f64>| {
        let change =
            |round| Some(of(now, round)? / of(before, round)?).filter(|ratio| ratio.is_finite());
        let target = Target {
            id,
            what: what.to_owned(),
            better: Better::More,
            floor: 0.97,
            goal: 1.0,
        };
        Figure::new(target, (0..rounds).filter_map(change).collect())
    };
    vec![
        figure("P1, P4, P6", "orders/s, uniform", |legs, round| {
            rate(legs, Name::OursUniform, round)
        }),
        figure("P2", "orders/s, hot", |legs, round| {
            rate(legs, Name::OursHot, round)
        }),
        figure("P3", "hot ÷ uniform", |legs, round| {
            Some(rate(legs, Name::OursHot, round)? / rate(legs, Name::OursUniform, round)?)
        }),
        figure("P5", "1 ÷ p99 in an open loop", |legs, round| {
            Some(1.0 / leg(legs, Name::OursOpen, round)?.p99()?)
        }),
        figure("P7", "in a flood of logins ÷ without", |legs, round| {
            Some(rate(legs, Name::OursFlooded, round)? / rate(legs, Name::OursUniform, round)?)
        }),
        figure("P8", "GET /products/{id}", |legs, round| {
            rate(legs, Name::Products, round)
        }),
        figure("P9", "overloaded ÷ at the maximum", |legs, round| {
            Some(rate(legs, Name::OursOverloaded, round)? / rate(legs, Name::OursPinned, round)?)
        }),
    ]
}

fn rate(legs: &Legs, name: Name, round: usize) -> Option<f64> {
    leg(legs, name, round)?.value()
}

fn leg(legs: &Legs, name: Name, round: usize) -> Option<&Leg> {
    legs.get(&name)?.get(round)
}
