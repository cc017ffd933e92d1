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
    ratio::{Better, Figure, Target, by_round, table},
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
    let mut stage = build(&settings.place, 1)?;
    let best = search::ours(&stage, pace)?;
    for round in 0..pace.rounds {
        for name in COMPARED {
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
    std::fs::write(
        &settings.out,
        serde_json::to_string_pretty(&versions)? + "\n",
    )?;
    let [before, now] = versions;
    println!("{}", table(&figures(&before.legs, &now.legs)));
    Ok(())
}

/// Each figure of now ÷ that of before, round by round: above 1 it has become better.
fn figures(before: &Legs, now: &Legs) -> Vec<Figure> {
    let values = |legs: &Legs, name, value: fn(&Leg) -> Option<f64>| -> Vec<Option<f64>> {
        legs.get(&name).into_iter().flatten().map(value).collect()
    };
    let change = |name, value| by_round(&values(now, name, value), &values(before, name, value));
    let rate = |name| change(name, Leg::value);
    let relative = |above, below| -> Vec<f64> {
        let of = |legs| {
            let both = by_round(
                &values(legs, above, Leg::value),
                &values(legs, below, Leg::value),
            );
            both.into_iter().map(Some).collect::<Vec<_>>()
        };
        by_round(&of(now), &of(before))
    };
    let slower = by_round(
        &values(before, Name::OursOpen, Leg::p99),
        &values(now, Name::OursOpen, Leg::p99),
    );
    [
        ("P1, P4, P6", "orders/s, uniform", rate(Name::OursUniform)),
        ("P2", "orders/s, hot", rate(Name::OursHot)),
        (
            "P3",
            "hot ÷ uniform",
            relative(Name::OursHot, Name::OursUniform),
        ),
        (
            "P5",
            "p99 at half of the maximum, open loop, before ÷ now",
            slower,
        ),
        (
            "P7",
            "in a flood of logins ÷ without",
            relative(Name::OursFlooded, Name::OursUniform),
        ),
        ("P8", "GET /products/{id}", rate(Name::Products)),
        (
            "P9",
            "three times the connections ÷ at the maximum",
            relative(Name::OursOverloaded, Name::OursPinned),
        ),
    ]
    .map(|(id, what, rounds)| {
        let target = Target {
            id: id.to_owned(),
            what: what.to_owned(),
            better: Better::More,
            floor: 0.97,
            goal: 1.0,
        };
        Figure::new(target, rounds)
    })
    .into()
}
