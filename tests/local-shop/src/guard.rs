//! The guard: a process that outlives its parent, ends the processes that the parent started, by pid, and removes the
//! parent's folder. The end of its standard input tells it that the parent has ended, whatever the cause.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};

/// The script reads `+ PID SIGNAL` and `- PID`. It also compares the start time of a process, since pids are reused.
/// Postgres gets QUIT first, so that it removes its shared memory.
const SCRIPT: &str = r#"
declare -A started signal
start_time() { local stat; stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0; set -- ${stat##*) }; echo "${20}"; }
send() { if [ "$1" = KILLGROUP ]; then kill -s KILL -- "-$2"; else kill -s "$1" "$2"; fi; }
alive() { [ -n "${started[$1]}" ] && [ "$(start_time "$1")" = "${started[$1]}" ]; }
while read -r what pid name; do
  case $what in
    +) started[$pid]=$(start_time "$pid"); signal[$pid]=$name ;;
    -) unset "started[$pid]" "signal[$pid]" ;;
  esac
done
for pid in "${!started[@]}"; do if alive "$pid"; then send "${signal[$pid]}" "$pid"; fi; done
for pid in "${!started[@]}"; do
  for _ in $(seq 50); do alive "$pid" || break; sleep 0.1; done
  if alive "$pid"; then kill -s KILL "$pid"; fi
done
rm -rf "$1"
"#;

#[derive(Debug)]
pub struct Guard {
    process: Child,
    stdin: Mutex<Option<ChildStdin>>,
}

/// The signal that ends a process after its parent has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "UPPERCASE")]
pub enum LastSignal {
    Kill,
    /// SIGKILL to its process group, which contains all processes that it has started.
    KillGroup,
    /// SIGQUIT, the immediate shutdown of Postgres.
    Quit,
}

impl Guard {
    /// Starts a guard of `folder`, and of the processes that are added later.
    pub fn try_new(folder: &Path) -> Result<Self> {
        let mut process = Command::new("bash")
            .args(["-c", SCRIPT, "guard"])
            .arg(folder)
            // It has a group of its own, since Ctrl-C in a terminal reaches the whole group of the parent.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start bash")?;
        let stdin = Mutex::new(process.stdin.take());
        Ok(Self { process, stdin })
    }

    pub fn add(&self, pid: u32, signal: LastSignal) {
        self.tell(&format!("+ {pid} {signal}\n"));
    }

    /// Removes a process that has been waited for, whose pid may be reused.
    pub fn remove(&self, pid: u32) {
        self.tell(&format!("- {pid}\n"));
    }

    fn tell(&self, text: &str) {
        let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stdin) = stdin.as_mut() {
            // It fails only if the guard has been killed; an orderly end does not need it.
            let _ = stdin.write_all(text.as_bytes());
        }
    }
}

impl Drop for Guard {
    /// Makes the guard end the remaining processes, and waits for it.
    fn drop(&mut self) {
        *self.stdin.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = self.process.wait();
    }
}
