//! The conventional service in `peers/fastapi`: its cached Python environment, and its processes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use local_shop::{
    Member, Workload,
    environment::{TOKEN_AUDIENCE, TOKEN_ISSUER},
    guard::LastSignal,
    ports, probe,
    process::Process,
};

use crate::stage::{COMBINED, Stage};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/fastapi");
const REQUIREMENTS: &str = include_str!("../peers/fastapi/requirements.txt");
/// The database connections of all workers together, which leaves some for others.
const CONNECTIONS: usize = 96;
const START: Duration = Duration::from_mins(1);
const STOP: Duration = Duration::from_secs(20);

/// The folder with the programs of its Python environment, which is created if it does not exist.
pub fn environment(cache: &Path) -> Result<PathBuf> {
    let wanted: u64 = REQUIREMENTS
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let folder = cache.join(format!("bench/fastapi-{wanted:016x}"));
    let bin = folder.join("bin");
    if bin.join("installed").exists() {
        return Ok(bin);
    }
    eprintln!("Installing the peer's Python packages …");
    fs::create_dir_all(&folder)?;
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    succeed(
        Command::new(bin.join("pip"))
            .args(["install", "--quiet", "--requirement"])
            .arg(format!("{FOLDER}/requirements.txt")),
    )?;
    fs::write(bin.join("installed"), "")?;
    Ok(bin)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

pub struct Peer {
    process: Process,
    pub port: u16,
}

impl Peer {
    /// Starts it on the database with both schemas; auth runs beside it, for its keys.
    pub fn start(stage: &Stage, bin: &Path, workers: usize) -> Result<Self> {
        let shop = stage.shop();
        let auth = Member(Workload::Auth, 0);
        shop.start_one(auth)?;
        let [port] = ports::free()?;
        let url = shop.postgres().url(COMBINED);
        let url = url.replacen("postgres://", "postgresql+asyncpg://", 1);
        let jwks = format!("{}/.well-known/jwks.json", shop.url(auth)?);
        let mut command = Command::new(bin.join("uvicorn"));
        command
            .args(["app:app", "--host", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .args(["--workers", &workers.to_string()])
            .args(["--loop", "uvloop", "--http", "httptools"])
            .args(["--no-access-log", "--log-level", "warning"])
            .current_dir(FOLDER)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DATABASE_URL", url)
            .env("POOL_SIZE", (CONNECTIONS / workers).min(24).to_string())
            .env("JWKS_URL", jwks)
            .env("TOKEN_ISSUER", TOKEN_ISSUER)
            .env("TOKEN_AUDIENCE", TOKEN_AUDIENCE);
        let mut process = Process::start(
            "fastapi",
            &mut command,
            &shop.logs().join("fastapi.log"),
            shop.guard(),
            LastSignal::KillGroup,
        )?;
        process.until("is ready", START, || {
            probe::status(port, "/ready") == Some(200)
        })?;
        Ok(Self { process, port })
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub fn stop(self) -> Result<()> {
        self.process.stop("TERM", STOP).map(drop)
    }
}
