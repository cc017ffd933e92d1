//! A Traefik in front of a service, as in the local cluster: reads of products are measured through it.

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

/// A running Traefik, which is stopped when it is dropped.
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
    /// Routes all paths to the replicas at these local ports.
    pub fn start(stage: &Stage, binary: &Path, replicas: &[u16]) -> Result<Self> {
        let [port] = ports::free()?;
        let folder = stage.shop().folder();
        // A file named traefik.yml would be read as Traefik's own settings.
        let routes = folder.join("routes.yml");
        let server = |port: &u16| format!("        - url: http://127.0.0.1:{port}\n");
        let servers: String = replicas.iter().map(server).collect();
        fs::write(
            &routes,
            format!(
                "http:\n  routers:\n    all:\n      rule: PathPrefix(`/`)\n      service: product\n  services:\n    product:\n      loadBalancer:\n        servers:\n{servers}"
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
