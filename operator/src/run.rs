//! The two things the binary does: run the operator, or print what a stack would get.

use crate::{
    audits,
    children::access::PostgresRole,
    config::Run,
    controller::{self, Scope},
    departures::Departures,
    events::Events,
    http::{Readiness, record_metrics, router},
    reconcile::Context,
    render::{parse, render},
    retries::Retries,
    routing::Looks,
    seen::Seen,
    validate::validate,
};
use anyhow::Context as _;
use ecommercestack_crds::EcommerceStack;
use kube::{Api, Client, api::ListParams};
use std::{
    io::{Read as _, Write as _},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};
use tracing::{info, warn};

/// Runs until SIGTERM or Ctrl+C.
pub async fn operator(config: Run) -> anyhow::Result<()> {
    let metrics = record_metrics().context("cannot record metrics")?;
    let client = Client::try_default()
        .await
        .context("cannot find a cluster")?;
    let scopes = config.scopes();
    let readiness = Readiness::default();
    let listener = TcpListener::bind(config.metrics_address)
        .await
        .with_context(|| format!("cannot listen on {}", config.metrics_address))?;
    let server = axum::serve(listener, router(readiness.clone(), metrics));
    info!(scopes = ?scopes, resync_seconds = config.resync.as_secs(), "the operator starts");
    tokio::select! {
        ended = server.into_future() => ended.context("the metrics server ended"),
        () = async {
            wait_for_stacks(&client, &scopes).await;
            readiness.reached();
            work(client, &config).await;
        } => Ok(()),
    }
}

/// Works on stacks until the process is told to stop.
pub async fn work(client: Client, config: &Run) {
    let scopes = config.scopes();
    let departures = Departures {
        client: client.clone(),
        stacks: Arc::default(),
        locks: Arc::default(),
    };
    let context = Arc::new(Context {
        departures: departures.clone(),
        events: Events::new(client.clone(), config.pod_name.clone()),
        seen: Seen::default(),
        looks: Looks::default(),
        audit_reads: audits::Reads::default(),
        ingress_address: config.ingress_address.clone(),
        retries: Retries::default(),
        role: postgres_role(config),
        policy: config.policy(),
        resync: config.resync,
        client,
    });
    let (known, all_known) = oneshot::channel();
    let mut watch = JoinSet::new();
    watch.spawn(departures.watch(scopes.clone(), known));
    // Before all stacks are known, none can tell whether its host is another's.
    let _ = all_known.await;
    controller::run(context, scopes, config.max_concurrency).await;
}

/// Namespaced mode has Roles only. // OPERATOR 17
fn postgres_role(config: &Run) -> PostgresRole {
    let kind = if config.scopes() == [None] {
        "ClusterRole"
    } else {
        "Role"
    };
    PostgresRole {
        name: config.postgres_role.clone(),
        kind,
    }
}

/// Waits until the stacks can be listed: until the CRD is served and the role lets us.
async fn wait_for_stacks(client: &Client, scopes: &[Scope]) {
    for scope in scopes {
        let api: Api<EcommerceStack> = match scope {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        while let Err(error) = api.list_metadata(&ListParams::default().limit(1)).await {
            warn!(error = %error, scope, "the stacks cannot be listed; is the CRD installed?");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

/// Prints every object that the stacks of a file would get.
pub fn print(file: &Path, namespace: &str, config: &Run) -> anyhow::Result<()> {
    let yaml = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read the standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
    };
    let mut output = std::io::stdout().lock();
    for stack in parse(&yaml, namespace)? {
        config.policy().check(&validate(&stack)?)?;
        for object in render(&stack, &postgres_role(config))? {
            writeln!(
                output,
                "---\n{}",
                serde_yaml::to_string(&object)?.trim_end()
            )?;
        }
    }
    Ok(())
}
