//! The lists and searches of auth in a large shop (P12): each beside a read by key in the same run, and what Postgres reads for it.

mod cases;
mod plans;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use access::Role;
use anyhow::{Context, Result, ensure};
use clap::Args;
use local_shop::{Durability, Member, Plan, Shop, Workload};
use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use self::{
    cases::{Case, Kind, Known},
    plans::Reads,
};
use crate::{http::Connection, ratio::Spread, report, run::Place};

const FILL: &str = include_str!("../sql/auth.sql");
const AUTH: Member = Member(Workload::Auth, 0);
/// A sequential scan of a smaller table is as good as an index.
const LARGE_TABLE_ROWS: u64 = 10_000;
/// Rows that a request looks at or counts at most, and one more: a sequential scan that stops here reads no more than an index.
const BOUNDED_ROWS: u64 = 10_001;
/// Lines of the table on the terminal; the file has all.
const SHOWN: usize = 40;
const SEED: u64 = 12;

#[derive(Args)]
pub struct Settings {
    /// Number of users; at least 20,000, so that every kind of user is among them.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(20_000..))]
    users: u64,
    /// Calls of each request.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// Seconds after which no further round of calls begins.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    #[command(flatten)]
    place: Place,
    /// Folder of the results.
    #[arg(long, default_value = "bench/results")]
    out: PathBuf,
}

/// A request and its figures.
#[derive(Serialize)]
struct Measured {
    path: String,
    kind: Kind,
    /// The median duration ÷ that of the reads by key.
    ratio: f64,
    milliseconds: Spread,
    /// The worse of a custom and a generic plan.
    reads: Reads,
}

impl Measured {
    /// Tables that were read one row after the other without a bound.
    fn scans(&self) -> impl Iterator<Item = &String> {
        let scans = self.reads.sequential.iter();
        scans.filter_map(|(table, rows)| (*rows > BOUNDED_ROWS).then_some(table))
    }
}

/// Fills auth's database, measures every list, and fails if one reads a large table as a whole.
pub fn run(settings: &Settings) -> Result<()> {
    fs::create_dir_all(settings.place.logs())?;
    let plan = Plan {
        products: 0,
        orders: 0,
        workers: 0,
        durability: Durability::Fast,
        logs: Some(settings.place.logs().canonicalize()?),
        ..Plan::new(settings.place.binaries()?)
    };
    let shop = Shop::prepare(plan)?;
    let begun = Instant::now();
    fill(&shop, settings.users)?;
    eprintln!("filled in {} s", begun.elapsed().as_secs());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut caller = Caller::try_new(&shop)?;
    let known = known(&shop)?;
    let cases = runtime.block_on(all_cases(&shop, &mut caller, &known))?;
    let reads = runtime.block_on(all_reads(&shop, &mut caller, &cases))?;
    caller.start(&shop)?;
    let times = runtime.block_on(times(&shop, &mut caller, &cases, settings))?;
    let (by_key, times) = times;
    let by_key = Spread::of(&by_key).context("no read by key")?;
    let measured = cases.into_iter().zip(reads).zip(times);
    let measured = measured.filter_map(|((case, reads), times)| {
        let milliseconds = Spread::of(&times)?;
        Some(Measured {
            path: case.path,
            kind: case.kind,
            ratio: milliseconds.median / by_key.median,
            milliseconds,
            reads,
        })
    });
    let mut measured: Vec<Measured> = measured.collect();
    measured.sort_by(|one, other| other.ratio.total_cmp(&one.ratio));
    let text = json!({
        "users": settings.users, "calls": settings.calls, "revision": report::revision(), "machine": report::machine(),
        "by_key_milliseconds": by_key, "requests": measured,
    });
    fs::create_dir_all(&settings.out)?;
    fs::write(
        settings.out.join("users.json"),
        serde_json::to_string_pretty(&text)? + "\n",
    )?;
    println!("{}", table(by_key, &measured));
    let scanning = measured.iter().filter(|one| one.scans().next().is_some());
    let scanning: Vec<&str> = scanning.map(|one| one.path.as_str()).collect();
    ensure!(
        scanning.is_empty(),
        "these requests read a large table as a whole; add an index: {scanning:?}"
    );
    Ok(())
}

fn fill(shop: &Shop, users: u64) -> Result<()> {
    let file = shop.folder().join("auth.sql");
    fs::write(&file, format!("\\set users {users}\n{FILL}"))?;
    let filled = shop.postgres().psql_file("auth", &file);
    filled.context("cannot fill the database of auth")?;
    shop.sql("auth", "VACUUM (ANALYZE)").map(drop)
}

/// The admin who calls.
struct Caller {
    id: Uuid,
    session: Uuid,
    connection: Connection,
    token: String,
    /// Users that are read by key.
    read: Vec<String>,
}

impl Caller {
    fn try_new(shop: &Shop) -> Result<Self> {
        let one = |statement: &str| -> Result<Uuid> { Ok(single(shop, statement)?.parse()?) };
        let id = one("SELECT id FROM users WHERE email = 'admin@example.com'")?;
        let session = one(&format!(
            "SELECT id FROM sessions WHERE user_id = '{id}' ORDER BY id DESC LIMIT 1"
        ))?;
        let read = "SELECT id FROM users WHERE status = 'active' ORDER BY md5(id::text) LIMIT 2000";
        Ok(Self {
            id,
            session,
            connection: Connection::new(shop.public_port(AUTH)?),
            token: String::new(),
            read: shop.sql("auth", read)?,
        })
    }

    /// Starts auth; the connections to the process before are closed.
    fn start(&mut self, shop: &Shop) -> Result<()> {
        shop.start_one(AUTH)?;
        self.connection = Connection::new(shop.public_port(AUTH)?);
        Ok(())
    }

    /// Tokens last for a quarter of an hour.
    fn renew(&mut self, shop: &Shop) -> Result<()> {
        let roles = [Role::Admin];
        self.token = shop
            .tokens()
            .sign_in_session(self.id, self.session, &roles)?;
        Ok(())
    }

    async fn get(&mut self, path: &str) -> Result<Duration> {
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {}\r\n\r\n",
            self.token
        );
        let begun = Instant::now();
        let answer = self.connection.exchange(request.as_bytes()).await;
        let took = begun.elapsed();
        let answer = answer.with_context(|| format!("GET {path}"))?;
        ensure!(
            answer.status == 200,
            "GET {path} was answered {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        Ok(took)
    }
}

fn single(shop: &Shop, statement: &str) -> Result<String> {
    let row = shop.sql("auth", statement)?.into_iter().next();
    row.with_context(|| format!("no row: {statement}"))
}

fn known(shop: &Shop) -> Result<Known> {
    let one = |statement: &str| single(shop, statement);
    let middle = "FROM users ORDER BY id OFFSET (SELECT count(*) / 2 FROM users) LIMIT 1";
    let time = |expression: &str| {
        one(&format!(
            r#"SELECT to_char({expression}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') {middle}"#
        ))
    };
    let actor = |order: &str| {
        one(&format!(
            "SELECT 'usr_' || actor_id FROM audit_log GROUP BY actor_id ORDER BY count(*) {order} LIMIT 1"
        ))
    };
    Ok(Known {
        email: one(&format!("SELECT email {middle}"))?,
        long_name: one(
            "SELECT full_name FROM users WHERE full_name LIKE '% Senior' ORDER BY id LIMIT 1",
        )?,
        middle: time("created_at")?,
        next_day: time("created_at + interval '1 day'")?,
        middle_user: one(&format!("SELECT 'usr_' || id {middle}"))?,
        middle_term: "emil".to_owned(),
        middle_entry: one(
            "SELECT 'aud_' || id FROM audit_log ORDER BY id OFFSET (SELECT count(*) / 2 FROM audit_log) LIMIT 1",
        )?,
        target: one("SELECT target FROM audit_log GROUP BY target ORDER BY count(*) DESC LIMIT 1")?,
        busy_actor: actor("DESC")?,
        idle_actor: actor("ASC")?,
        middle_key: one(
            "SELECT id FROM api_keys ORDER BY id OFFSET (SELECT count(*) / 2 FROM api_keys) LIMIT 1",
        )?,
        key_owner: one("SELECT 'usr_' || user_id FROM api_keys ORDER BY id DESC LIMIT 1")?,
    })
}

/// The requests, with cursors into the middle of lists.
async fn all_cases(shop: &Shop, caller: &mut Caller, known: &Known) -> Result<Vec<Case>> {
    caller.start(shop)?;
    caller.renew(shop)?;
    let mut cases = cases::all(known);
    for (first, key) in cases::middles(known) {
        caller.get(&first.path).await?;
        let cursor = cases::moved(caller.connection.body(), key)?;
        let path = format!("{}&cursor={cursor}", first.path);
        cases.push(Case { path, ..first });
    }
    shop.stop(AUTH)?;
    Ok(cases)
}

/// What Postgres reads for each request, be the plan made for its values or for any.
async fn all_reads(shop: &Shop, caller: &mut Caller, cases: &[Case]) -> Result<Vec<Reads>> {
    let large = format!("SELECT relname FROM pg_class WHERE reltuples >= {LARGE_TABLE_ROWS}");
    let large: BTreeSet<String> = shop.sql("auth", &large)?.into_iter().collect();
    let log = shop.logs().join("postgres.log");
    let mut worst = vec![Reads::default(); cases.len()];
    let set = |setting: &str| {
        shop.sql("auth", &format!("ALTER DATABASE auth SET {setting}"))
            .map(drop)
    };
    plans::SETTINGS.iter().copied().try_for_each(set)?;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        set(&format!("plan_cache_mode = {mode}"))?;
        caller.start(shop)?;
        for (case, worst) in cases.iter().zip(&mut worst) {
            caller.renew(shop)?;
            let place = fs::metadata(&log)?.len();
            caller.get(&case.path).await?;
            let (reads, _) = Reads::since(&log, place)?;
            ensure!(reads.statements > 0, "Postgres explained no statement");
            *worst = std::mem::take(worst).worst(reads.only_of(&large));
        }
        shop.stop(AUTH)?;
    }
    shop.sql("auth", "ALTER DATABASE auth RESET ALL")?;
    Ok(worst)
}

/// The milliseconds of reads by key, and of the calls of each request. Between any two requests there is a read by key.
async fn times(
    shop: &Shop,
    caller: &mut Caller,
    cases: &[Case],
    settings: &Settings,
) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
    let mut random = SmallRng::seed_from_u64(SEED);
    let (mut by_key, mut times) = (Vec::new(), vec![Vec::new(); cases.len()]);
    let mut users = caller.read.clone().into_iter().cycle();
    let begun = Instant::now();
    // The first round warms up.
    for round in 0..=settings.calls {
        if round > 1 && begun.elapsed().as_secs() >= settings.seconds {
            break;
        }
        let mut order: Vec<usize> = (0..cases.len()).collect();
        order.shuffle(&mut random);
        for number in order {
            caller.renew(shop)?;
            let user = users.next().context("no user")?;
            let key = caller.get(&format!("/users/{user}")).await?;
            let list = caller.get(&cases[number].path).await?;
            if round > 0 {
                by_key.push(key.as_secs_f64() * 1e3);
                times[number].push(list.as_secs_f64() * 1e3);
            }
        }
    }
    Ok((by_key, times))
}

/// The slowest requests, slowest first.
fn table(by_key: Spread, measured: &[Measured]) -> String {
    let missed = measured.iter().filter(|one| one.ratio > one.kind.goal());
    let mut text = format!(
        "a read by key: {:.2} ms\n{} of {} requests miss their goal\n\n| ratio | ms | rows | statements | scans | request |\n|---|---|---|---|---|---|\n",
        by_key.median,
        missed.count(),
        measured.len()
    );
    for one in measured.iter().take(SHOWN) {
        let verdict = if one.ratio > one.kind.goal() {
            " **missed**"
        } else {
            ""
        };
        let scans: Vec<String> = one
            .reads
            .sequential
            .iter()
            .map(|(table, rows)| format!("{table} ({rows})"))
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {:.1}{verdict} | {:.2} | {} | {} | {} | `{}` |",
            one.ratio,
            one.milliseconds.median,
            one.reads.rows,
            one.reads.statements,
            scans.join(", "),
            one.path
        );
    }
    text
}
