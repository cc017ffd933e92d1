//! The two things the binary does: run the operator, or print what a stack would get.

use crate::{
    config::Run,
    controller::{self, Stop},
    database::{deleted_stacks::DeletedStacks, rbac::PostgresRole},
    http::{record_metrics, router},
    kube::{
        apply_cache::ApplyCache,
        installation::Installation,
        lease::Candidate,
        readiness::{ElectionState, Readiness},
        scope::{Scope, api},
        skew::{Definition, Guard},
        stores::Stores,
    },
    network::routing::UrlChecks,
    pace::{backoff::Attempts, slots::Slots},
    reconcile::Context,
    render::{parse, render},
    status::{audits, events::Events},
    validate::validate,
};
use anyhow::Context as _;
use ecommercestack_crds::EcommerceStack;
use futures::FutureExt as _;
use kube::{Api, Client, api::ListParams};
use std::{io::Write as _, path::Path, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    task::JoinSet,
};
use tracing::{error, info, warn};

/// The time for passes in flight at the end; shorter than a pod's grace period.
const LAST_PASSES: Duration = Duration::from_secs(20);

/// Runs until SIGTERM or Ctrl+C.
pub async fn operator(config: Run) -> anyhow::Result<()> {
    let metrics = record_metrics().context("cannot install the metrics recorder")?;
    let client = Client::try_default()
        .await
        .context("no cluster is configured: set KUBECONFIG or run the operator in a pod")?;
    let stop = stop_signal().context("cannot install the signal handlers")?;
    let scopes = config.scopes();
    let readiness = Readiness::new(&scopes);
    let listener = TcpListener::bind(config.metrics_address)
        .await
        .with_context(|| format!("cannot listen on {}", config.metrics_address))?;
    let server = axum::serve(listener, router(readiness.clone(), metrics));
    info!(scopes = ?scopes, resync_seconds = config.resync.as_secs(), "starting the operator");
    tokio::select! {
        ended = server.into_future() => ended.context("the metrics server ended"),
        worked = work(client, &config, Definition::known(), readiness, stop.clone()) => worked,
        () = stop.then(|()| tokio::time::sleep(LAST_PASSES)) => {
            warn!("stopped before every reconcile had finished");
            Ok(())
        }
    }
}

/// Signals are handled from now on, whatever the process does meanwhile.
fn stop_signal() -> std::io::Result<Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("stopping");
    };
    Ok(stop.boxed().shared())
}

/// Reconciles stacks of this CRD while the process holds the installation's Lease, until it is to stop. An error means
/// that the Lease was lost: the process has to exit at once.
pub async fn work(
    client: Client,
    config: &Run,
    known: Definition,
    readiness: Readiness,
    stop: Stop,
) -> anyhow::Result<()> {
    let definition = Guard::new(client.clone(), readiness.clone(), known);
    // The check comes before the Lease: until it succeeds, a process of another release stays active.
    tokio::select! {
        () = definition.wait() => {}
        () = stop.clone() => return Ok(()),
    }
    let Some(lease) = config.lease() else {
        warn!(
            "no Lease is used, since --lease-namespace is not set: nothing prevents a second operator from working \
             on the same stacks"
        );
        work_on_stacks(client, config, definition, readiness, stop).await;
        return Ok(());
    };
    readiness.enters(ElectionState::Undecided);
    let candidate = Candidate::try_new(&client, lease, config.pod_name.as_deref())?;
    let mut held = tokio::select! {
        held = candidate.wait(&readiness) => held,
        () = stop.clone() => return Ok(()),
    };
    readiness.enters(ElectionState::Working);
    tokio::select! {
        () = work_on_stacks(client, config, definition, readiness, stop) => {}
        lost = held.keep() => {
            error!(error = %lost, "stopping at once");
            return Err(lost.into());
        }
    }
    held.release().await;
    Ok(())
}

async fn work_on_stacks(
    client: Client,
    config: &Run,
    definition: Guard,
    readiness: Readiness,
    stop: Stop,
) {
    let scopes = config.scopes();
    let deleted_stacks = DeletedStacks {
        client: client.clone(),
        installation: Installation::new(client.clone(), config.lease().as_ref()),
        stacks: Arc::default(),
        locks: Arc::default(),
    };
    let context = Arc::new(context(&client, config, definition, &deleted_stacks));
    let (known, all_known) = oneshot::channel();
    let mut watch = JoinSet::new();
    // Before all stacks are known, it cannot be decided whether a host is taken.
    let all_known = async {
        wait_for_stacks(&client, &scopes).await;
        watch.spawn(deleted_stacks.watch(scopes.clone(), readiness, known));
        let _ = all_known.await;
    };
    tokio::select! {
        () = all_known => {}
        () = stop.clone() => return,
    }
    controller::run(context, scopes, stop).await;
}

/// What the passes of one process share.
pub fn context(
    client: &Client,
    config: &Run,
    definition: Guard,
    deleted_stacks: &DeletedStacks,
) -> Context {
    Context {
        definition,
        installation: deleted_stacks.installation.clone(),
        deleted_stacks: deleted_stacks.clone(),
        events: Events::new(client.clone(), config.pod_name.clone()),
        apply_cache: ApplyCache::default(),
        stores: Stores::default(),
        slots: Slots::new(config.max_concurrency),
        url_checks: UrlChecks::default(),
        audit_reads: audits::Reads::default(),
        ingress_address: config.ingress_address.clone(),
        attempts: Attempts::default(),
        role: postgres_role(config),
        policy: config.policy(),
        resync: config.resync,
        client: client.clone(),
    }
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

/// Waits until the role permits listing the stacks.
async fn wait_for_stacks(client: &Client, scopes: &[Scope]) {
    for scope in scopes {
        let api: Api<EcommerceStack> = api(client, scope);
        while let Err(error) = api.list_metadata(&ListParams::default().limit(1)).await {
            warn!(error = %error, scope, "the stacks cannot be listed; check that a role allows it to the \
            operator's ServiceAccount");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

/// Prints every object that the stacks of a file would get.
pub fn print(file: &Path, namespace: &str, config: &Run) -> anyhow::Result<()> {
    let yaml = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?
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
