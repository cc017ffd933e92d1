//! A Postgres from the machine's packages, on a port of its own, with the settings of our database image.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    guard::{Guard, LastSignal},
    ports,
    process::Process,
};

const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(30);

/// The settings of `images/postgres/patroni.sh` that affect speed and the state after a crash, with the sizes that the operator
/// derives from 2 GiB of memory and a volume of 16 GiB.
const SETTINGS: &[(&str, &str)] = &[
    ("max_connections", "200"),
    ("shared_buffers", "512MB"),
    ("huge_pages", "off"),
    ("work_mem", "4MB"),
    ("maintenance_work_mem", "64MB"),
    ("random_page_cost", "1.1"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("max_wal_size", "4GB"),
    ("min_wal_size", "64MB"),
    ("wal_compression", "lz4"),
    ("checkpoint_timeout", "10min"),
    ("checkpoint_completion_target", "0.9"),
    ("autovacuum_naptime", "15s"),
    ("autovacuum_vacuum_scale_factor", "0.05"),
    ("autovacuum_analyze_scale_factor", "0.05"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("client_connection_check_interval", "10s"),
    ("log_lock_waits", "on"),
    ("timezone", "UTC"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// As in a cluster: committed data survive a crash of the machine.
    Durable,
    /// The data do not outlive the test, so durability would only cost time.
    Fast,
}

#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    log: PathBuf,
    /// How to become the user that runs the server, if this process is root's: Postgres refuses to run as root.
    user: Option<[String; 3]>,
    settings: BTreeMap<String, String>,
    guard: Arc<Guard>,
    server: Mutex<Option<Process>>,
}

impl Postgres {
    /// Creates a server below `folder`, which must exist, and starts it. `settings` override the usual ones.
    pub fn start(
        folder: &Path,
        log: &Path,
        durability: Durability,
        settings: &[(String, String)],
        guard: Arc<Guard>,
    ) -> Result<Self> {
        let folder = folder.join("postgres");
        fs::create_dir_all(&folder)?;
        let on = match durability {
            Durability::Durable => "on",
            Durability::Fast => "off",
        };
        let mut all: BTreeMap<String, String> = SETTINGS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            all.insert(name.to_owned(), on.to_owned());
        }
        all.extend(settings.iter().cloned());
        let [port] = ports::free()?;
        let postgres = Self {
            bin: binaries()?,
            user: user_for(&folder)?,
            folder,
            port,
            log: log.to_owned(),
            settings: all,
            guard,
            server: Mutex::new(None),
        };
        postgres.initialise()?;
        postgres.start_again()?;
        Ok(postgres)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The pid of the postmaster; `None` while it is down.
    pub fn pid(&self) -> Option<u32> {
        self.server().as_ref().map(Process::pid)
    }

    /// The path of one of its programs, such as psql or pgbench.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Starts the server after [`Self::stop`] or [`Self::kill`], and waits until it accepts connections.
    pub fn start_again(&self) -> Result<()> {
        let mut server = self.server();
        ensure!(server.is_none(), "Postgres runs already");
        let mut command = self.as_user(&self.program("postgres"));
        command.arg("-D").arg(self.folder.join("data"));
        command.args(["-p", &self.port.to_string()]);
        command.args(["-c", "listen_addresses=127.0.0.1"]);
        command
            .arg("-c")
            .arg(format!("unix_socket_directories={}", self.folder.display()));
        for (name, value) in &self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let mut process = Process::start(
            "postgres",
            &mut command,
            &self.log,
            Arc::clone(&self.guard),
            LastSignal::Quit,
        )?;
        process.until("accepts connections", START, || {
            self.psql("postgres", "SELECT 1").is_ok()
        })?;
        *server = Some(process);
        Ok(())
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// A fast shutdown: sessions are ended, and all data are written.
    pub fn stop(&self) -> Result<()> {
        if let Some(server) = self.server().take() {
            server.stop("INT", STOP)?;
        }
        Ok(())
    }

    /// `kill -9` of the postmaster, and the end of its backends, which notice by themselves.
    pub fn kill(&self) -> Result<()> {
        let Some(server) = self.server().take() else {
            return Ok(());
        };
        server.kill();
        // The old backends hold the shared memory until they notice that their parent has ended.
        crate::probe::until("the backends end", STOP, || {
            Ok(!processes_in(&self.folder.join("data")))
        })
    }

    /// Runs statements as superuser; returns the rows as psql prints them, with fields separated by `|`.
    pub fn psql(&self, database: &str, statements: &str) -> Result<Vec<String>> {
        let output = Command::new(self.program("psql"))
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--set", "ON_ERROR_STOP=1", "--dbname"])
            .arg(self.url(database))
            .args(["--command", statements])
            .stdin(Stdio::null())
            .output()
            .context("psql")?;
        let text = succeeded("psql", &output)?;
        Ok(text.lines().map(ToOwned::to_owned).collect())
    }

    /// Runs a file of statements.
    pub fn psql_file(&self, database: &str, file: &Path) -> Result<()> {
        let output = Command::new(self.program("psql"))
            .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
            .args(["--output", "/dev/null", "--dbname"])
            .arg(self.url(database))
            .arg("--file")
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .context("psql")?;
        succeeded("psql", &output).map(drop)
    }

    fn server(&self) -> MutexGuard<'_, Option<Process>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn initialise(&self) -> Result<()> {
        let output = self
            .as_user(&self.program("initdb"))
            .arg("--pgdata")
            .arg(self.folder.join("data"))
            .args(["--username", "postgres", "--auth", "trust", "--no-sync"])
            .args(["--encoding", "UTF8", "--locale", "C", "--data-checksums"])
            .stdin(Stdio::null())
            .output()
            .context("initdb")?;
        succeeded("initdb", &output).map(drop)
    }

    fn as_user(&self, program: &Path) -> Command {
        let mut command = match &self.user {
            Some(become_user) => {
                let mut command = Command::new("setpriv");
                command.args(become_user).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(server) = self.server().take() {
            // The shutdown is immediate, since the data are not used again.
            let _ = server.stop("QUIT", STOP);
        }
    }
}

fn succeeded(program: &str, output: &Output) -> Result<String> {
    if !output.status.success() {
        bail!(
            "{program} failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The programs of the newest version in the machine's packages.
fn binaries() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .context("PostgreSQL is not installed: run `apt-get install postgresql`")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions
        .max()
        .context("PostgreSQL is not installed: run `apt-get install postgresql`")?;
    Ok(PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin")))
}

/// The arguments of setpriv for the user `postgres`, who then owns `folder`; `None` if this process is not root's.
fn user_for(folder: &Path) -> Result<Option<[String; 3]>> {
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    let (user, group) = (id(&["-u", "postgres"])?, id(&["-g", "postgres"])?);
    std::os::unix::fs::chown(folder, Some(user), Some(group))?;
    Ok(Some([
        format!("--reuid={user}"),
        format!("--regid={group}"),
        "--clear-groups".to_owned(),
    ]))
}

fn id(arguments: &[&str]) -> Result<u32> {
    let output = Command::new("id").args(arguments).output().context("id")?;
    Ok(succeeded("id", &output)?.trim().parse()?)
}

/// Whether a process has this working directory: that of a backend is the server's data folder.
fn processes_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| fs::read_link(process.path().join("cwd")).ok())
        .any(|working| working == folder)
}
