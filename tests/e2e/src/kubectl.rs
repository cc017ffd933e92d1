//! kubectl, as a user runs it: describe, server-side dry runs with their warnings, psql in a pod.

use std::{ffi::OsStr, process::Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// The output of a command.
#[derive(Clone, Debug)]
pub struct Output {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The standard output of a command that succeeded.
    pub fn ok(self) -> Result<String> {
        if !self.success {
            bail!("kubectl: {}", self.stderr.trim());
        }
        Ok(self.stdout)
    }
}

/// Runs kubectl to its end, whether it succeeds or not.
pub async fn kubectl<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Output> {
    run(arguments, None).await
}

/// Runs kubectl with text on its standard input.
pub async fn kubectl_with_input<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    input: &str,
) -> Result<Output> {
    run(arguments, Some(input)).await
}

async fn run<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
    input: Option<&str>,
) -> Result<Output> {
    let mut command = Command::new("kubectl");
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command
        .spawn()
        .context("kubectl is not on the PATH: `eval \"$(cluster/env)\"` puts it there")?;
    if let Some(text) = input {
        let mut stdin = child
            .stdin
            .take()
            .context("kubectl has no standard input")?;
        stdin.write_all(text.as_bytes()).await?;
    }
    let output = child.wait_with_output().await?;
    Ok(Output {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Sends a manifest to the API server as a dry run; fails on an error and on a warning.
pub async fn dry_run_without_warning(namespace: &str, manifest: &str) -> Result<()> {
    let arguments = [
        "apply",
        "--server-side",
        "--dry-run=server",
        "--field-manager=e2e",
        "-n",
        namespace,
        "-f",
        "-",
    ];
    let output = kubectl_with_input(arguments, manifest).await?;
    let warnings: Vec<&str> = output
        .stderr
        .lines()
        .filter(|line| line.contains("Warning"))
        .collect();
    ensure!(
        warnings.is_empty(),
        "the API server warns:\n{}",
        warnings.join("\n")
    );
    output.ok().map(drop)
}
