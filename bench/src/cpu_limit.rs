//! The share and the limit of a process's CPU time, as a pod has them: a cgroup of version 2, or of version 1 on machines
//! that have that.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

const PERIOD_MICROS: u32 = 100_000;
const ROOT: &str = "/sys/fs/cgroup";

/// A cgroup. It can be removed only after its processes have ended, so they have to be dropped first.
#[derive(Debug)]
pub struct CpuLimit(PathBuf);

impl CpuLimit {
    /// Creates a group with a limit in thousandths of a core, and with a weight in percent of that of a thread outside
    /// of it, for the case that both compete for a core.
    pub fn try_new(name: &str, millicores: u32, weight: u32) -> Result<Self> {
        let quota = PERIOD_MICROS / 1_000 * millicores;
        let root = Path::new(ROOT);
        let second = root.join("cgroup.controllers").is_file();
        let parent = if second {
            root.to_owned()
        } else {
            root.join("cpu")
        };
        let folder = parent.join(format!("ecommercestack-{name}"));
        if second {
            // The controller is enabled already on most machines.
            let _ = fs::write(root.join("cgroup.subtree_control"), "+cpu");
        }
        if !folder.is_dir() {
            fs::create_dir(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let settings: &[(&str, String)] = if second {
            &[
                ("cpu.max", format!("{quota} {PERIOD_MICROS}")),
                ("cpu.weight", weight.to_string()),
            ]
        } else {
            &[
                ("cpu.cfs_period_us", PERIOD_MICROS.to_string()),
                ("cpu.cfs_quota_us", quota.to_string()),
                ("cpu.shares", (1_024 * weight / 100).to_string()),
            ]
        };
        for (file, value) in settings {
            fs::write(folder.join(file), value)
                .with_context(|| format!("cannot set {file} of {}", folder.display()))?;
        }
        Ok(Self(folder))
    }

    /// Moves a process with all its threads into the group.
    pub fn hold(&self, pid: u32) -> Result<()> {
        fs::write(self.0.join("cgroup.procs"), pid.to_string())
            .with_context(|| format!("cannot limit the CPU time of process {pid}"))
    }
}

impl Drop for CpuLimit {
    fn drop(&mut self) {
        // A group with a living process stays; the next run uses it again.
        let _ = fs::remove_dir(&self.0);
    }
}
