//! A process' share and limit of CPU time, as a pod has them: a cgroup of version 2, or of version 1 where the machine
//! has that.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

const PERIOD_MICROS: u32 = 100_000;
const ROOT: &str = "/sys/fs/cgroup";

/// Ends with its processes: whoever holds it drops it after them.
#[derive(Debug)]
pub struct CpuLimit(PathBuf);

impl CpuLimit {
    /// A group of its own for whatever is put under this limit, in thousandths of a core. Where others want the same
    /// core it weighs so many percent of one of their threads.
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
            // Granted already on most machines.
            let _ = fs::write(root.join("cgroup.subtree_control"), "+cpu");
        }
        if !folder.is_dir() {
            fs::create_dir(&folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
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
                .with_context(|| format!("{file} of {} cannot be set", folder.display()))?;
        }
        Ok(Self(folder))
    }

    /// Puts a process with all its threads under the limit.
    pub fn hold(&self, pid: u32) -> Result<()> {
        fs::write(self.0.join("cgroup.procs"), pid.to_string())
            .with_context(|| format!("process {pid} cannot be put under its limit of CPU"))
    }
}

impl Drop for CpuLimit {
    fn drop(&mut self) {
        // Left over where a process outlives it; the next run takes it again.
        let _ = fs::remove_dir(&self.0);
    }
}
