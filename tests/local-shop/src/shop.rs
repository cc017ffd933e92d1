//! The shop: its processes, and the operations on each of them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    environment::{Surroundings, environment},
    guard::{Guard, LastSignal},
    keys::{Tokens, secret},
    plan::{Binaries, DATABASES, Member, Plan, Workload},
    ports,
    postgres::Postgres,
    probe,
    process::Process,
};

const START: Duration = Duration::from_mins(1);
/// A little more time than a service gives its own drain.
const STOP: Duration = Duration::from_secs(40);

#[derive(Debug)]
struct Place {
    public_port: u16,
    internal_port: u16,
    process: Mutex<Option<Process>>,
}

/// A running shop. Most methods take `&self`, so that one task can kill a process that another one calls.
pub struct Shop {
    plan: Plan,
    // The fields are dropped in this order: services, database, and last the guard, which removes the folder.
    places: BTreeMap<Member, Place>,
    postgres: Postgres,
    tokens: Tokens,
    folder: PathBuf,
    logs: PathBuf,
    guard: Arc<Guard>,
}

impl Shop {
    /// Starts everything and waits until each process is ready. It blocks for seconds.
    pub fn start(plan: Plan) -> Result<Self> {
        let shop = Self::prepare(plan)?;
        shop.start_all()?;
        Ok(shop)
    }

    /// Starts Postgres with migrated databases, and no service.
    pub fn prepare(plan: Plan) -> Result<Self> {
        let folder = temporary_folder()?;
        let guard = Arc::new(Guard::try_new(&folder)?);
        let logs = plan.logs.clone().unwrap_or_else(|| folder.join("logs"));
        fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
        let tokens = Tokens::write(&folder.join("jwt"))?;
        let internal = folder.join("internal");
        fs::create_dir_all(&internal)?;
        for caller in ["auth", "product", "order"] {
            fs::write(internal.join(caller), secret())?;
        }
        let postgres = Postgres::start(
            &folder,
            &logs.join("postgres.log"),
            plan.durability,
            &plan.postgres,
            Arc::clone(&guard),
        )?;
        let members: Vec<Member> = plan.members().collect();
        // All at once, since a port that is not in use yet could be chosen for two processes.
        let ports = ports::several(2 * members.len())?;
        let place = |(member, ports): (Member, &[u16])| {
            let place = Place {
                public_port: ports[0],
                internal_port: ports[1],
                process: Mutex::new(None),
            };
            (member, place)
        };
        let places = members.into_iter().zip(ports.chunks(2));
        let places = places.map(place).collect();
        let shop = Self {
            plan,
            places,
            postgres,
            tokens,
            folder,
            logs,
            guard,
        };
        for database in DATABASES {
            shop.postgres
                .psql("postgres", &format!("CREATE DATABASE \"{database}\""))?;
            shop.migrate(database, &shop.postgres.url(database))?;
        }
        Ok(shop)
    }

    /// Runs the `migrate` of the service `name` on the database at `url`.
    pub fn migrate(&self, name: &str, url: &str) -> Result<()> {
        let report = self.folder.join(format!("{name}.migrated"));
        let output = Command::new(self.binary(name)?)
            .arg("migrate")
            .env_clear()
            .env("DATABASE_URL", url)
            .env("TERMINATION_MESSAGE_PATH", &report)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{name} migrate"))?;
        if !output.status.success() {
            let reason = fs::read_to_string(&report).unwrap_or_default();
            bail!(
                "{name} migrate failed: {reason}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }

    /// The processes in the order in which they are started.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.places.keys().copied()
    }

    /// Starts every process that is down, then waits until all are ready.
    pub fn start_all(&self) -> Result<()> {
        let down: Vec<Member> = self
            .members()
            .filter(|member| self.pid(*member).is_none())
            .collect();
        for member in &down {
            self.launch(*member)?;
        }
        down.into_iter().try_for_each(|member| self.ready(member))
    }

    /// Stops every process, callers before the services that they call, and waits for each.
    pub fn stop_all(&self) -> Result<()> {
        let up = self.places.keys().rev().copied();
        up.filter(|member| self.pid(*member).is_some())
            .try_for_each(|member| self.stop(member))
    }

    /// Starts one process that is down, on its previous ports, and waits until it is ready.
    pub fn start_one(&self, member: Member) -> Result<()> {
        self.launch(member)?;
        self.ready(member)
    }

    /// Starts one process without waiting: with a fail point in its environment it may never be ready.
    pub fn launch(&self, member: Member) -> Result<()> {
        self.launch_with(member, &[])
    }

    /// Starts one process with additional variables, without waiting.
    pub fn launch_with(&self, member: Member, variables: &[(&str, &str)]) -> Result<()> {
        let mut process = self.process(member)?;
        ensure!(process.is_none(), "{member} runs already");
        *process = Some(Process::start(
            &member.to_string(),
            self.command(member)?.envs(variables.iter().copied()),
            &self.logs.join(format!("{member}.log")),
            Arc::clone(&self.guard),
            LastSignal::Kill,
        )?);
        Ok(())
    }

    /// Waits until this process reports that it is ready; fails at once if it ends before.
    pub fn ready(&self, member: Member) -> Result<()> {
        let port = self.place(member)?.internal_port;
        self.process(member)?
            .as_mut()
            .with_context(|| format!("{member} is down"))?
            .until("is ready", START, || {
                probe::status(port, "/readyz") == Some(200)
            })
    }

    /// Waits until this process has ended by itself, and returns its exit status.
    pub fn ended(&self, member: Member, patience: Duration) -> Result<ExitStatus> {
        let begun = Instant::now();
        loop {
            let mut process = self.process(member)?;
            let status = process
                .as_mut()
                .with_context(|| format!("{member} is down"))?
                .ended()?;
            if let Some(status) = status {
                *process = None;
                return Ok(status);
            }
            ensure!(begun.elapsed() < patience, "{member} still runs");
            drop(process);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends SIGTERM, and waits for the drain.
    pub fn stop(&self, member: Member) -> Result<()> {
        let process = self.process(member)?.take();
        let process = process.with_context(|| format!("{member} is down"))?;
        let status = process.stop("TERM", STOP)?;
        ensure!(status.success(), "{member} ended with {status}");
        Ok(())
    }

    /// `kill -9`; does nothing if the process is down already.
    pub fn kill(&self, member: Member) -> Result<()> {
        if let Some(process) = self.process(member)?.take() {
            process.kill();
        }
        Ok(())
    }

    /// `kill -9`, then a start; waits until it is ready again.
    pub fn restart(&self, member: Member) -> Result<()> {
        self.kill(member)?;
        self.start_one(member)
    }

    /// Sends a signal by name, such as `STOP` and `CONT` for a process that hangs.
    pub fn signal(&self, member: Member, name: &str) -> Result<()> {
        self.process(member)?
            .as_ref()
            .with_context(|| format!("{member} is down"))?
            .signal(name)
    }

    /// The pid; `None` while the process is down, also if it ended by itself.
    pub fn pid(&self, member: Member) -> Option<u32> {
        let mut process = self.process(member).ok()?;
        if process.as_mut()?.ensure_running().is_err() {
            *process = None;
        }
        process.as_ref().map(Process::pid)
    }

    /// Its resident memory; `None` while the process is down.
    pub fn resident_mib(&self, member: Member) -> Option<f64> {
        resident_mib(self.pid(member)?)
    }

    /// The URL of its public port: `http://127.0.0.1:PORT`.
    pub fn url(&self, member: Member) -> Result<String> {
        Ok(format!(
            "http://127.0.0.1:{}",
            self.place(member)?.public_port
        ))
    }

    pub fn public_port(&self, member: Member) -> Result<u16> {
        Ok(self.place(member)?.public_port)
    }

    /// The URL of its internal port, for other services, probes and metrics.
    pub fn internal_url(&self, member: Member) -> Result<String> {
        Ok(format!(
            "http://127.0.0.1:{}",
            self.place(member)?.internal_port
        ))
    }

    /// The token with which this service calls others.
    pub fn internal_token(&self, caller: &str) -> Result<String> {
        Ok(fs::read_to_string(
            self.folder.join("internal").join(caller),
        )?)
    }

    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Postgres, to change settings for its next start.
    pub fn postgres_mut(&mut self) -> &mut Postgres {
        &mut self.postgres
    }

    /// The rows of a statement on a service's database, with fields separated by `|`.
    pub fn sql(&self, database: &str, statement: &str) -> Result<Vec<String>> {
        self.postgres.psql(database, statement)
    }

    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// A folder that is removed with the shop.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The guard, for other processes that must not outlive the shop.
    pub fn guard(&self) -> Arc<Guard> {
        Arc::clone(&self.guard)
    }

    /// Changes the plan's variables; processes see them at their next start.
    pub fn set_environment(&mut self, environment: Vec<(Workload, String, String)>) {
        self.plan.environment = environment;
    }

    /// Changes the plan's binaries; processes run them from their next start.
    pub fn set_binaries(&mut self, binaries: Binaries) {
        self.plan.binaries = binaries;
    }

    fn command(&self, member: Member) -> Result<Command> {
        let Member(workload, index) = member;
        let database_url = self.postgres.url(workload.database());
        let place = self.place(member)?;
        // Callers are spread over the processes of what they call, and readers of the feed over those of auth.
        let auth = self.place(Member(Workload::Auth, index % self.plan.auths.max(1)))?;
        let called = Member(Workload::Product, index % self.plan.products.max(1));
        let around = Surroundings {
            database_url: &database_url,
            public_port: place.public_port,
            internal_port: place.internal_port,
            auth_port: auth.public_port,
            auth_internal_port: auth.internal_port,
            product_internal_port: self
                .places
                .get(&called)
                .map_or(0, |place| place.internal_port),
            jwt_keys: &self.folder.join("jwt"),
            internal_tokens: &self.folder.join("internal"),
        };
        let mut command = Command::new(self.binary(workload.database())?);
        command.arg(workload.subcommand()).env_clear();
        command.envs(environment(workload, around));
        for (of, name, value) in &self.plan.environment {
            if *of == workload {
                command.env(name, value);
            }
        }
        Ok(command)
    }

    fn binary(&self, service: &str) -> Result<&Path> {
        let Binaries {
            auth,
            product,
            order,
        } = &self.plan.binaries;
        Ok(match service {
            "auth" => auth,
            "product" => product,
            "order" => order,
            other => bail!("there is no service {other}"),
        })
    }

    fn place(&self, member: Member) -> Result<&Place> {
        self.places
            .get(&member)
            .with_context(|| format!("there is no {member} in this shop"))
    }

    fn process(&self, member: Member) -> Result<MutexGuard<'_, Option<Process>>> {
        let process = &self.place(member)?.process;
        Ok(process.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn temporary_folder() -> Result<PathBuf> {
    let name = format!(
        "local-shop-{}-{:08x}",
        std::process::id(),
        rand::random::<u32>()
    );
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

/// Resident memory in MiB.
fn resident_mib(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1_024.0)
}
