//! The last resort: a process that outlives its parent by a moment, ends what the parent started, by pid, and
//! removes its folder. It learns of the parent's end, whatever the cause, by the end of its standard input.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};

/// Reads `+ PID SIGNAL` and `- PID`. A pid counts only with the start time it had when it was named: pids are used again.
/// Postgres gets QUIT first, so that it takes its shared memory away.
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
    line: Mutex<Option<ChildStdin>>,
}

/// How a process is asked to end when nobody is left to ask politely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "UPPERCASE")]
pub enum LastSignal {
    Kill,
    /// With all that it has started, which are in its process group.
    KillGroup,
    /// Postgres' immediate shutdown.
    Quit,
}

impl Guard {
    /// Watches over processes that are named later, and over `folder`.
    pub fn try_new(folder: &Path) -> Result<Self> {
        let mut process = Command::new("bash")
            .args(["-c", SCRIPT, "guard"])
            .arg(folder)
            // A group of its own: Ctrl-C in a terminal reaches the whole group of the parent.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("bash cannot be started")?;
        let line = Mutex::new(process.stdin.take());
        Ok(Self { process, line })
    }

    pub fn add(&self, pid: u32, signal: LastSignal) {
        self.tell(&format!("+ {pid} {signal}\n"));
    }

    /// For a process that has been waited for: its pid may soon be another's.
    pub fn remove(&self, pid: u32) {
        self.tell(&format!("- {pid}\n"));
    }

    fn tell(&self, text: &str) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = line.as_mut() {
            // A guard that is gone cannot guard; the orderly way still ends everything.
            let _ = line.write_all(text.as_bytes());
        }
    }
}

impl Drop for Guard {
    /// Ends what is left and waits until it is gone.
    fn drop(&mut self) {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = self.process.wait();
    }
}
