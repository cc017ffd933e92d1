//! A Traefik in front of a service, as in the local cluster: reads of products are measured over its port.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;
use local_shop::{guard::LastSignal, ports, probe, process::Process};

use crate::stage::Stage;

const START: Duration = Duration::from_secs(30);

/// Runs until dropped.
pub struct Proxy {
    process: Process,
    pub port: u16,
}

/// The local cluster's Traefik, if it has been built.
pub fn find(cache: &Path) -> Option<PathBuf> {
    let tools = fs::read_dir(cache.join("bin")).ok()?.flatten();
    let versions = tools.filter(|tool| tool.file_name().to_string_lossy().starts_with("traefik-"));
    let binary = versions.map(|tool| tool.path().join("traefik")).max()?;
    binary.is_file().then_some(binary)
}

impl Proxy {
    /// All paths of the replicas at these ports of this machine.
    pub fn start(stage: &Stage, binary: &Path, replicas: &[u16]) -> Result<Self> {
        let [port] = ports::free()?;
        let folder = stage.shop().folder();
        // Not traefik.yml: that would be taken for its own settings.
        let routes = folder.join("routes.yml");
        let servers = replicas.iter();
        let servers: Vec<_> = servers
            .map(|port| format!("        - url: http://127.0.0.1:{port}"))
            .collect();
        fs::write(
            &routes,
            format!(
                "http:\n  routers:\n    all:\n      rule: PathPrefix(`/`)\n      service: product\n  services:\n    product:\n      loadBalancer:\n        servers:\n{}\n",
                servers.join("\n")
            ),
        )?;
        let mut process = Process::start(
            "traefik",
            Command::new(binary)
                .current_dir(folder)
                .arg(format!("--entrypoints.web.address=127.0.0.1:{port}"))
                .arg(format!("--providers.file.filename={}", routes.display()))
                .args(["--log.level=ERROR", "--global.checknewversion=false"])
                .arg("--global.sendanonymoususage=false"),
            &stage.shop().logs().join("traefik.log"),
            stage.shop().guard(),
            LastSignal::Kill,
        )?;
        process.until("routes", START, || {
            probe::status(port, "/api/v1/product/version") == Some(200)
        })?;
        Ok(Self { process, port })
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}
