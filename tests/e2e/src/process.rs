//! Ending a pod's processes as a crash does: SIGKILL on the node, without telling the kubelet before.
//! It works if the node's processes are processes of this machine (the local cluster, kind on Linux).

use std::{fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::core::v1::Pod;

/// Kills every process of the pod's containers with SIGKILL, and returns their number.
pub fn kill(pod: &Pod) -> Result<usize> {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    let ids: Vec<&str> = statuses
        .context("the pod has no containers yet")?
        .iter()
        .filter_map(|status| status.container_id.as_deref()?.split_once("://"))
        .map(|(_, id)| id)
        .collect();
    let mut killed = 0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name
            .to_str()
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        else {
            continue;
        };
        // A process may have ended by now; then it has no group.
        let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
        if ids.iter().any(|id| groups.contains(id)) {
            let status = Command::new("kill")
                .args(["-s", "KILL", process])
                .status()?;
            killed += usize::from(status.success());
        }
    }
    ensure!(
        killed > 0,
        "none of the pod's processes is visible on this machine: {ids:?}"
    );
    Ok(killed)
}
