//! Can a client find out which accounts exist? Each operation is called for what exists and for what does not, in random order, and
//! the responses and their durations are compared.

mod accounts;
mod form;
mod operations;
mod rank;
mod requests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::PathBuf,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use local_shop::{Durability, Member, Plan, Shop, Workload};
use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
use serde::Serialize;
use serde_json::json;

use self::{
    accounts::Accounts,
    form::form,
    operations::{Operation, operations},
    rank::Comparison,
    requests::{Sender, post},
};
use crate::{report, run::Place};

const AUTH: Member = Member(Workload::Auth, 0);
/// Durations are marked if a call for what exists is longer or shorter than one for what does not this much more often than in half of
/// the pairs.
const ALIKE: f64 = 0.1;
/// And if that is less likely than this by chance.
const SIGNIFICANT: f64 = 0.001;
/// More registrations than the limit of one address admits, which is 120 in a minute.
const MOST_REGISTRATIONS: usize = 200;
/// Forms of a group that are printed; the file has all.
const SHOWN: usize = 3;
/// Attempts to use up a limit and to make all calls before its window ends.
const WINDOWS: usize = 3;

#[derive(Args)]
pub struct Settings {
    /// Calls of each operation for each group; with fewer, the registrations that use up an address's limit would meet that of an account.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(50..=5_000))]
    calls: u16,
    /// Seed of the order of the calls.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    place: Place,
    /// Folder of the results.
    #[arg(long, default_value = "bench/results")]
    out: PathBuf,
    /// Gives all accounts hashes of weaker parameters, which logins for them must show.
    #[arg(long, hide = true)]
    weak_hashes: bool,
}

/// The figures of a group.
#[derive(Serialize)]
struct Measured {
    operation: &'static str,
    group: &'static str,
    calls: usize,
    median_us: u64,
    /// The durations beside those of the operation's first group; none for that group itself.
    timing: Option<Comparison>,
    /// Whether they differ by more than chance and `ALIKE`.
    is_marked: bool,
    /// The forms of the responses: status, headers and body without what differs between any two responses.
    forms: BTreeSet<String>,
    /// Whether the forms are those of the first group.
    is_same: bool,
}

/// The forms and durations of a group.
#[derive(Default)]
struct Calls {
    forms: BTreeSet<String>,
    micros: Vec<u64>,
}

/// Measures all operations, and fails if a response shows what exists.
pub fn run(settings: &Settings) -> Result<()> {
    fs::create_dir_all(settings.place.logs())?;
    let shop = Shop::start(Plan {
        products: 0,
        orders: 0,
        workers: 0,
        durability: Durability::Durable,
        logs: Some(settings.place.logs().canonicalize()?),
        environment: vec![(
            Workload::Auth,
            "TRUSTED_PROXIES".to_owned(),
            "127.0.0.1/32".to_owned(),
        )],
        ..Plan::new(settings.place.binaries()?)
    })?;
    let mut sender = Sender::try_new(shop.public_port(AUTH)?)?;
    let accounts = Accounts::try_new(&shop, settings.calls.into(), settings.weak_hashes)?;
    let operations = operations(&accounts, &mut sender)?;
    shop.sql("auth", "VACUUM (ANALYZE)")?;
    let mut random = SmallRng::seed_from_u64(settings.seed);
    let mut all = Vec::new();
    for operation in &operations {
        eprintln!("{} …", operation.name);
        let calls = if operation.is_limited {
            call_beyond_limit(operation, &mut sender, &mut random)?
        } else {
            call(operation, &mut sender, &mut random, None)?
        };
        all.extend(measured(operation, calls));
    }

    fs::create_dir_all(&settings.out)?;
    let results = json!({
        "revision": report::revision(),
        "machine": report::machine(),
        "debug_build": cfg!(debug_assertions),
        "calls": settings.calls,
        "seed": settings.seed,
        "groups": all,
    });
    let file = settings.out.join("enumeration.json");
    fs::write(&file, serde_json::to_string_pretty(&results)? + "\n")
        .with_context(|| format!("cannot write {}", file.display()))?;
    println!("{}", table(&all));
    for group in all.iter().filter(|group| !group.is_same) {
        println!("{}, {}:", group.operation, group.group);
        for form in group.forms.iter().take(SHOWN) {
            println!("{form}\n");
        }
    }
    let different = all.iter().filter(|group| !group.is_same).count();
    ensure!(
        different == 0,
        "the responses of {different} groups differ from those for what does not exist"
    );
    Ok(())
}

/// The calls of all groups in random order; all from one `client`, or each from its own address.
fn call(
    operation: &Operation,
    sender: &mut Sender,
    random: &mut SmallRng,
    client: Option<std::net::Ipv4Addr>,
) -> Result<Vec<Calls>> {
    let mut order: Vec<(usize, &str)> = operation
        .groups
        .iter()
        .enumerate()
        .flat_map(|(index, group)| group.bodies.iter().map(move |body| (index, body.as_str())))
        .collect();
    order.shuffle(random);
    let mut calls: Vec<Calls> = operation.groups.iter().map(|_| Calls::default()).collect();
    for (index, body) in order {
        std::thread::sleep(operation.pause);
        let client = client.unwrap_or_else(|| sender.client());
        let request = post(client, operation.path, body);
        let begun = Instant::now();
        let response = sender.send(&request)?;
        let duration = begun.elapsed();
        let of_group = calls.get_mut(index).context("a call without a group")?;
        of_group.micros.push(u64::try_from(duration.as_micros())?);
        of_group.forms.insert(form(&response, operation.is_limited));
    }
    Ok(calls)
}

/// The calls from one address whose limit is used up. The window of the limit may end before the last call, which is then answered as
/// one within the limit: another address has another window.
fn call_beyond_limit(
    operation: &Operation,
    sender: &mut Sender,
    random: &mut SmallRng,
) -> Result<Vec<Calls>> {
    let known = operation.groups.last().map(|group| &group.bodies);
    let known = known.context("an operation without groups")?;
    for _ in 0..WINDOWS {
        let client = sender.client();
        let mut attempts = known.iter().cycle().take(MOST_REGISTRATIONS);
        let is_full = loop {
            let Some(body) = attempts.next() else {
                break false;
            };
            if sender.post_from(client, operation.path, body)?.status == 429 {
                break true;
            }
        };
        ensure!(
            is_full,
            "one address can send {MOST_REGISTRATIONS} registrations"
        );
        let calls = call(operation, sender, random, Some(client))?;
        let mut forms = calls.iter().flat_map(|calls| &calls.forms);
        if forms.all(|form| form.starts_with("429")) {
            return Ok(calls);
        }
    }
    bail!("registrations beyond the limit of an address are not all answered with 429")
}

fn measured(operation: &Operation, calls: Vec<Calls>) -> Vec<Measured> {
    let first = calls
        .first()
        .map(|first| (first.micros.clone(), first.forms.clone()));
    let (unknown, expected) = first.unwrap_or_default();
    let groups = operation.groups.iter().zip(calls).enumerate();
    let each = groups.map(|(index, (group, mut calls))| {
        let timing = (index > 0)
            .then(|| Comparison::of(&calls.micros, &unknown))
            .flatten();
        calls.micros.sort_unstable();
        Measured {
            operation: operation.name,
            group: group.name,
            calls: calls.micros.len(),
            median_us: calls
                .micros
                .get(calls.micros.len() / 2)
                .copied()
                .unwrap_or(0),
            timing,
            is_marked: timing.is_some_and(is_marked),
            is_same: calls.forms == expected,
            forms: calls.forms,
        }
    });
    each.collect()
}

fn is_marked(timing: Comparison) -> bool {
    (timing.auc - 0.5).abs() > ALIKE && timing.p < SIGNIFICANT
}

/// A table in Markdown.
fn table(all: &[Measured]) -> String {
    let mut text = String::from(
        "| operation | group | calls | response | median in ms | AUC | p | duration |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut letters: BTreeMap<(&str, &BTreeSet<String>), usize> = BTreeMap::new();
    for group in all {
        let next = letters
            .keys()
            .filter(|(name, _)| *name == group.operation)
            .count();
        let number = *letters
            .entry((group.operation, &group.forms))
            .or_insert(next);
        let status = group
            .forms
            .first()
            .and_then(|form| form.get(..3))
            .unwrap_or("–");
        let response = if group.is_same {
            format!("{status}, same")
        } else {
            format!("**{status}, form {number}**")
        };
        let timing = group.timing.map_or_else(
            || "– | –".to_owned(),
            |Comparison { auc, p }| format!("{auc:.3} | {p:.4}"),
        );
        let duration = if group.is_marked {
            "**differs**"
        } else {
            "alike"
        };
        let Measured {
            operation,
            group: name,
            calls,
            median_us,
            ..
        } = group;
        let (whole, rest) = (median_us / 1_000, median_us % 1_000);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {operation} | {name} | {calls} | {response} | {whole}.{rest:03} | {timing} | {duration} |"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enumeration::operations::Group;

    fn operation() -> Operation {
        let group = |name| Group {
            name,
            bodies: Vec::new(),
        };
        Operation {
            name: "login",
            path: "auth/login",
            is_limited: false,
            pause: std::time::Duration::ZERO,
            groups: vec![group("unknown"), group("active")],
        }
    }

    fn calls(form: &str, from: u64) -> Calls {
        Calls {
            forms: BTreeSet::from([form.to_owned()]),
            micros: (from..from + 200).collect(),
        }
    }

    #[test]
    fn a_group_with_another_response_is_found() {
        let all = measured(&operation(), vec![calls("401 a", 0), calls("401 b", 0)]);
        assert_eq!(
            all.iter().map(|group| group.is_same).collect::<Vec<_>>(),
            [true, false]
        );
        assert!(table(&all).contains(
            "| login | active | 200 | **401, form 1** | 0.100 | 0.500 | 1.0000 | alike |"
        ));
    }

    #[test]
    fn a_group_with_another_duration_is_marked_in_either_direction() {
        for (unknown, known, marked) in [(0, 60, true), (60, 0, true), (0, 5, false)] {
            let all = measured(
                &operation(),
                vec![calls("401", unknown), calls("401", known)],
            );
            assert!(all.iter().all(|group| group.is_same));
            assert!(!all[0].is_marked);
            assert_eq!(all[1].is_marked, marked, "{unknown} {known}");
        }
    }
}
