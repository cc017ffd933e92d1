//! The generator of a leg's requests: of the warm-up, of the measured part, and of the side load.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::Drive;
use crate::{
    load::{Specification, What},
    log::Report,
};

pub(super) fn warm_up(ports: &[u16], what: What, drive: Drive) -> Result<Report> {
    part(ports, what, drive, drive.warm_seconds, 0)
}

pub(super) fn measure(ports: &[u16], what: What, drive: Drive) -> Result<Report> {
    part(ports, what, drive, drive.seconds, 1)
}

fn part(ports: &[u16], what: What, drive: Drive, seconds: f64, number: u64) -> Result<Report> {
    let specification = Specification {
        ports: ports.to_owned(),
        seconds,
        connections: drive.connections,
        rate: drive.rate,
        seed: drive.seed.wrapping_mul(2).wrapping_add(number),
        what,
    };
    generate(&specification, drive.pinned)
}

/// Runs the generator in a process of its own.
pub(super) fn generate(specification: &Specification, pinned: bool) -> Result<Report> {
    let own = std::env::current_exe()?;
    let mut command = if pinned {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(own);
        command
    } else {
        Command::new(own)
    };
    let mut generator = command
        .arg("load")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the generator")?;
    let mut stdin = generator.stdin.take().context("no stdin")?;
    stdin.write_all(&serde_json::to_vec(specification)?)?;
    drop(stdin);
    let output = generator.wait_with_output()?;
    ensure!(
        output.status.success(),
        "the generator failed: {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("the generator's report")
}
