//! One child process, which is started, stopped, killed and waited for by its own pid.

use std::{
    fs::{File, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    guard::{Guard, LastSignal},
    probe,
};

/// The lines that are shown of the log of a process that failed to start.
const LOG_LINES: usize = 20;

#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
    guard: Arc<Guard>,
    last_signal: LastSignal,
}

impl Process {
    /// Starts a process in a process group of its own, and appends its output to `log`.
    pub fn start(
        name: &str,
        command: &mut Command,
        log: &Path,
        guard: Arc<Guard>,
        last_signal: LastSignal,
    ) -> Result<Self> {
        let file = appended(log)?;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name}: cannot start {command:?}"))?;
        guard.add(child.id(), last_signal);
        Ok(Self {
            child,
            name: name.to_owned(),
            log: log.to_owned(),
            guard,
            last_signal,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails, with the end of its log, if it has ended by itself.
    pub fn ensure_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            self.guard.remove(self.pid());
            bail!(
                "{} has ended ({status}):\n{}",
                self.name,
                tail(&self.log, LOG_LINES)
            );
        }
        Ok(())
    }

    /// The exit status if it has ended by itself; `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.guard.remove(self.pid());
        }
        Ok(status)
    }

    /// Waits until `done` returns true; fails at once if the process ends before.
    pub fn until(
        &mut self,
        what: &str,
        patience: Duration,
        mut done: impl FnMut() -> bool,
    ) -> Result<()> {
        let what = format!("{} {what}", self.name);
        let log = self.log.clone();
        probe::until(&what, patience, || {
            self.ensure_running()?;
            Ok(done())
        })
        .with_context(|| tail(&log, LOG_LINES))
    }

    /// Sends a signal by name: `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status()
            .context("kill")?;
        ensure!(status.success(), "cannot send a signal to {}", self.name);
        Ok(())
    }

    /// Sends this signal and waits until it has ended; kills it if that takes longer than `patience`.
    pub fn stop(mut self, signal: &str, patience: Duration) -> Result<ExitStatus> {
        self.signal(signal)?;
        let mut ended = None;
        let stopped = probe::until(&format!("{} stops", self.name), patience, || {
            ended = self.child.try_wait()?;
            Ok(ended.is_some())
        });
        if let Err(late) = stopped {
            self.end();
            return Err(late);
        }
        self.guard.remove(self.pid());
        ended.context("no exit status")
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // An error means that the process has ended already.
        if self.last_signal == LastSignal::KillGroup {
            let group = format!("-{}", self.pid());
            let _ = Command::new("kill")
                .args(["-s", "KILL", "--", &group])
                .status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.guard.remove(self.pid());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}

fn appended(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn tail(path: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
