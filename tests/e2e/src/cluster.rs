//! The cluster under test, and the names of one run in it.

use std::{
    fs::File,
    sync::OnceLock,
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};
use ecommercestack_crds::EcommerceStack;
use k8s_openapi::api::core::v1;
use kube::{
    Api, Client, Config, ResourceExt as _,
    api::{DeleteParams, ListParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::sync::OnceCell;

use crate::environment;

/// The label of the scenarios' namespaces; its value is the run.
pub const RUN_LABEL: &str = "ecommercestack.dev/e2e";
pub const OPERATOR_NAMESPACE: &str = "ecommercestack-system";

/// A connection to the API server. Each scenario has its own, since a client belongs to the runtime that created it.
#[derive(Clone)]
pub struct Cluster {
    pub client: Client,
}

impl Cluster {
    /// Connects to the cluster that KUBECONFIG names; the error says what to do if there is none.
    pub async fn connect() -> Result<Self> {
        let path = environment::kubeconfig()?;
        let file = Kubeconfig::read_from(&path)?;
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
        let client = Client::try_from(config)?;
        let cluster = Self { client };
        cluster.client.apiserver_version().await.with_context(|| {
            format!(
                "no API server answers under {}: is the cluster up (`make up`)?",
                path.display()
            )
        })?;
        Ok(cluster)
    }

    /// Connects for a scenario: also waits until other runs on this machine have ended, fails if the CRD is not installed, and
    /// removes the namespaces of earlier runs.
    pub async fn connect_for_scenario() -> Result<Self> {
        static SWEPT: OnceCell<()> = OnceCell::const_new();
        let cluster = Self::connect().await?;
        let stacks: Api<EcommerceStack> = Api::all(cluster.client.clone());
        stacks
            .list(&ListParams::default().limit(1))
            .await
            .context("EcommerceStack is not installed in the cluster: run `make deploy` first")?;
        SWEPT
            .get_or_try_init(async || {
                alone()?;
                cluster.sweep().await
            })
            .await?;
        Ok(cluster)
    }

    pub fn namespaced<K>(&self, namespace: &str) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    async fn sweep(&self) -> Result<()> {
        let namespaces: Api<v1::Namespace> = Api::all(self.client.clone());
        for old in namespaces
            .list(&ListParams::default().labels(&format!("{RUN_LABEL}!={}", run())))
            .await?
        {
            if old.labels().contains_key(RUN_LABEL) && old.metadata.deletion_timestamp.is_none() {
                eprintln!("        removing {} of an earlier run", old.name_any());
                namespaces
                    .delete(&old.name_any(), &DeleteParams::default())
                    .await?;
            }
        }
        Ok(())
    }
}

/// Makes other runs on this machine wait until this process ends: a run removes the namespaces of others, and a node of two
/// cores has room for one.
fn alone() -> Result<()> {
    static LOCK: OnceLock<File> = OnceLock::new();
    let path = std::env::temp_dir().join("ecommercestack-e2e.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("        waiting for another run of these scenarios to end");
        file.lock()?;
    }
    // The lock is held until the process ends.
    let _ = LOCK.set(file);
    Ok(())
}

/// The name of this run, which is short and differs for each process.
pub fn run() -> &'static str {
    static RUN: OnceLock<String> = OnceLock::new();
    RUN.get_or_init(|| {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        base36(now.as_secs() % 36_u64.pow(5))
    })
}

/// A unique text, such as `buyer-k3x9a-7`.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "{prefix}-{}-{}",
        run(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

fn base36(mut number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut text = Vec::new();
    while number > 0 || text.is_empty() {
        text.push(DIGITS[usize::try_from(number % 36).unwrap_or_default()]);
        number /= 36;
    }
    text.reverse();
    text.into_iter().map(char::from).collect()
}
