//! The report of a run: everything as JSON, the tables as Markdown, and the picture.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use anyhow::Result;
use serde_json::json;

use crate::{
    leg::Leg,
    picture::{Bar, Panel, svg},
    ratio::{Better, Figure, Spread, Target, by_round, table},
    run::{ATTACKED, Best, Legs, Name},
};

pub struct Run<'a> {
    pub mode: &'static str,
    pub minutes: f64,
    pub rounds: usize,
    pub best: &'a Best,
    pub legs: &'a Legs,
    pub statements: &'a [(String, f64)],
    pub postgres: &'a str,
}

/// Writes the files, and returns the Markdown.
pub fn write(folder: &Path, run: &Run<'_>) -> Result<String> {
    fs::create_dir_all(folder)?;
    let figures = figures(run.legs);
    let text = markdown(run, &figures);
    let json = json!({
        "mode": run.mode, "revision": revision(), "machine": machine(), "postgres": run.postgres, "best": run.best,
        "figures": figures, "legs": run.legs, "statements_per_order": run.statements,
    });
    let named = |ending: &str| folder.join(format!("{}.{ending}", run.mode));
    fs::write(named("json"), serde_json::to_string_pretty(&json)? + "\n")?;
    fs::write(named("md"), &text)?;
    fs::write(named("svg"), svg(&panels(run.legs)))?;
    Ok(text)
}

/// The figures P1 to P9, P11 and P14.
fn figures(legs: &Legs) -> Vec<Figure> {
    let values = |name, value: fn(&Leg) -> Option<f64>| -> Vec<Option<f64>> {
        legs.get(&name).into_iter().flatten().map(value).collect()
    };
    let rate = |name| values(name, Leg::value);
    let ratio = |above, below| by_round(&rate(above), &rate(below));
    let late = by_round(
        &values(Name::OursOpen, Leg::p99),
        &values(Name::D1Open, Leg::p99),
    );
    let memory = values(Name::OursUniform, |leg| {
        let services = leg.memory.iter().map(|(_, mib)| *mib);
        services.max_by(f64::total_cmp)
    });
    let more =
        |id, what, floor, goal, rounds| figure(id, what, Better::More, [floor, goal], rounds);
    let attacked = |name| {
        let what = format!("orders/s of bystanders, {} ÷ without", label(name));
        let rounds = ratio(name, Name::OursUniform);
        figure("P14", &what, Better::More, [0.85, 0.95], rounds)
    };
    let mut figures = vec![
        more(
            "P1",
            "orders/s over HTTP ÷ D1, uniform",
            1.5,
            4.0,
            ratio(Name::OursUniform, Name::D1Uniform),
        ),
        more(
            "P2",
            "orders/s over HTTP ÷ D1, hot",
            2.5,
            5.0,
            ratio(Name::OursHot, Name::D1Hot),
        ),
        more(
            "P3",
            "hot ÷ uniform, ours",
            0.8,
            0.95,
            ratio(Name::OursHot, Name::OursUniform),
        ),
        more(
            "P4",
            "ours ÷ D3",
            0.3,
            0.55,
            ratio(Name::OursUniform, Name::D3),
        ),
        figure(
            "P5",
            "p99 at half of the maximum, open loop, ours ÷ D1",
            Better::Less,
            [3.0, 1.0],
            late,
        ),
        more(
            "P6",
            "ours ÷ FastAPI, orders",
            20.0,
            50.0,
            ratio(Name::OursUniform, Name::Peer),
        ),
        more(
            "P7",
            "orders/s in a flood of logins ÷ without",
            0.85,
            0.95,
            ratio(Name::OursFlooded, Name::OursUniform),
        ),
        more(
            "P8",
            "GET /products/{id} ÷ select by key over TCP",
            0.3,
            1.0,
            ratio(Name::Products, Name::Select),
        ),
        more(
            "P9",
            "goodput with three times the connections ÷ at the maximum",
            0.9,
            0.97,
            ratio(Name::OursOverloaded, Name::OursPinned),
        ),
        figure(
            "P11",
            "resident MiB of the largest service replica",
            Better::Less,
            [60.0, 30.0],
            memory.into_iter().flatten().collect(),
        ),
    ];
    figures.extend(ATTACKED.map(attacked));
    figures
}

fn figure(
    id: &'static str,
    what: &str,
    better: Better,
    [floor, goal]: [f64; 2],
    rounds: Vec<f64>,
) -> Figure {
    let target = Target {
        id,
        what: what.to_owned(),
        better,
        floor,
        goal,
    };
    Figure::new(target, rounds)
}

fn markdown(run: &Run<'_>, figures: &[Figure]) -> String {
    let mut text = format!(
        "# Benchmark, {}\n\nRevision {}. {}, Postgres {}, durable. Local processes: one auth, product, order and worker, the load \
         generator and Postgres share the machine. {} rounds, {:.0} minutes. Ratios are taken round by round; absolute figures mean \
         nothing elsewhere.\n\n{}\n",
        run.mode,
        revision(),
        machine(),
        run.postgres,
        run.rounds,
        run.minutes,
        table(figures)
    );
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "![throughput and latency]({}.svg)\n\n## Legs\n\n",
        run.mode
    );
    text += "| leg | a second: min | median | max | p50 ms | p99 ms | refused | replays | turned away | unknown | void |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
    for legs in run.legs.values() {
        text += &leg_row(legs);
    }
    text += "\n## CPU\n\nSeconds of CPU a second, in the last round.\n\n";
    for leg in run.legs.values().filter_map(|legs| legs.last()) {
        let used = leg
            .cpu
            .iter()
            .map(|(name, seconds)| format!("{name} {:.2}", seconds / leg.seconds.max(0.001)));
        let _ = writeln!(
            text,
            "- {}: {}",
            leg.name,
            used.collect::<Vec<_>>().join(", ")
        );
    }
    text += "\n## Memory after the benchmark, MiB\n\n";
    for (name, mib) in run
        .legs
        .get(&Name::OursUniform)
        .and_then(|legs| legs.last())
        .into_iter()
        .flat_map(|leg| &leg.memory)
    {
        let _ = writeln!(text, "- {name}: {mib:.1}");
    }
    text += "\n## SQL statements an order\n\nFrom `pg_stat_statements`, BEGIN and COMMIT included, everything that runs beside orders too.\n\n";
    for (database, statements) in run.statements {
        let _ = writeln!(text, "- {database}: {statements:.2}");
    }
    text += "\n## Tried, before the rounds\n\n";
    for (what, per_second) in &run.best.tried {
        let _ = writeln!(text, "- {what}: {per_second:.0}/s");
    }
    text
}

fn leg_row(legs: &[Leg]) -> String {
    let Some(last) = legs.last() else {
        return String::new();
    };
    let counted: Vec<f64> = legs.iter().filter_map(Leg::value).collect();
    let spread = Spread::of(&counted).map_or_else(
        || "– | – | –".to_owned(),
        |Spread { min, median, max }| format!("{min:.0} | {median:.0} | {max:.0}"),
    );
    let middle = |of: fn(&Leg) -> f64| {
        let values: Vec<f64> = legs.iter().map(of).collect();
        Spread::of(&values).map_or(0.0, |spread| spread.median)
    };
    let (p50, p99) = (middle(|leg| leg.p50_ms), middle(|leg| leg.p99_ms));
    let latency = if p99 > 0.0 {
        format!("{p50:.1} | {p99:.1}")
    } else {
        "– | –".to_owned()
    };
    let sum = |of: fn(&Leg) -> u64| legs.iter().map(of).sum::<u64>();
    format!(
        "| {} | {spread} | {latency} | {} | {} | {} | {} | {} |\n",
        last.name,
        legs.iter().map(|leg| leg.refused).sum::<usize>(),
        sum(|leg| leg.replays),
        sum(|leg| leg.turned_away),
        legs.iter().map(|leg| leg.unknown).sum::<usize>(),
        legs.len() - counted.len()
    )
}

fn panels(legs: &Legs) -> Vec<Panel> {
    let bar = |name: Name, value: fn(&Leg) -> Option<f64>| {
        let of_name = legs.get(&name)?;
        let values: Vec<f64> = of_name.iter().filter_map(value).collect();
        Some(Bar {
            label: label(name).to_owned(),
            value: Spread::of(&values)?.median,
            ours: !matches!(
                name,
                Name::D1Uniform | Name::D1Hot | Name::D1Open | Name::D3 | Name::Peer | Name::Select
            ),
        })
    };
    let panel = |title: &str, names: &[Name], value: fn(&Leg) -> Option<f64>| Panel {
        title: title.to_owned(),
        bars: names.iter().filter_map(|name| bar(*name, value)).collect(),
    };
    vec![
        panel(
            "Confirmed orders a second",
            &[
                Name::OursUniform,
                Name::OursHot,
                Name::OursFlooded,
                Name::OursOverloaded,
                Name::UnderBombs,
                Name::UnderBodies,
                Name::UnderPoison,
                Name::UnderIntents,
                Name::UnderSearches,
                Name::D1Uniform,
                Name::D1Hot,
                Name::D3,
                Name::Peer,
            ],
            Leg::value,
        ),
        panel(
            "99th percentile at half of the own maximum, ms",
            &[Name::OursOpen, Name::D1Open],
            Leg::p99,
        ),
        panel(
            "Product reads a second",
            &[Name::Products, Name::Select],
            Leg::value,
        ),
    ]
}

const fn label(name: Name) -> &'static str {
    match name {
        Name::OursUniform => "EcommerceStack, 10,000 SKUs",
        Name::OursHot => "EcommerceStack, one hot SKU",
        Name::OursFlooded => "EcommerceStack, flood of logins",
        Name::OursOverloaded => "EcommerceStack, overloaded",
        Name::UnderBombs => "EcommerceStack, JSON bombs",
        Name::UnderBodies => "EcommerceStack, large bodies",
        Name::UnderPoison => "EcommerceStack, poisoned orders",
        Name::UnderIntents => "EcommerceStack, cancellations",
        Name::UnderSearches => "EcommerceStack, searches",
        Name::OursPinned => "EcommerceStack, one-core client",
        Name::OursOpen | Name::Products => "EcommerceStack over HTTP",
        Name::D1Uniform => "pgbench D1, 10,000 SKUs",
        Name::D1Hot => "pgbench D1, one hot SKU",
        Name::D1Open => "pgbench D1",
        Name::D3 => "pgbench D3, batches",
        Name::Peer => "FastAPI + SQLAlchemy",
        Name::Select => "pgbench, select by key",
    }
}

pub fn revision() -> String {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    format!(
        "{cores} × {}",
        model.map_or("processor", |(_, name)| name.trim())
    )
}
