//! The work of nodes: pods run, Jobs end, and Patroni reports that the database is initialized.

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::{
    Api, Client, ResourceExt as _,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::json;
use std::time::Duration;

/// Keeps every pod of a namespace running.
pub async fn keep_pods_running(client: Client, namespace: String) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    loop {
        let all = pods.list(&ListParams::default()).await;
        for pod in all.map(|all| all.items).unwrap_or_default() {
            run(&client, &namespace, &pod).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn run(client: &Client, namespace: &str, pod: &Pod) {
    let phase = pod
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    if phase != Some("Pending") || pod.metadata.deletion_timestamp.is_some() {
        return;
    }
    let name = pod.name_any();
    let is_job = pod.labels().contains_key("batch.kubernetes.io/job-name");
    if let Some(stack) = name.strip_suffix("-postgres-0") {
        let states: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
        let state = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": format!("{stack}-postgres-config"),
                "labels": { "cluster-name": format!("{stack}-postgres") },
                "annotations": { "initialize": "1" },
            },
        });
        let name = format!("{stack}-postgres-config");
        let patroni = PatchParams::apply("patroni");
        states
            .patch(&name, &patroni, &Patch::Apply(state))
            .await
            .ok();
    }
    let status = if is_job {
        json!({ "phase": "Succeeded" })
    } else {
        let condition = json!({ "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z" });
        json!({ "phase": "Running", "conditions": [condition] })
    };
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let patch = Patch::Merge(json!({ "status": status }));
    // It was deleted in the meantime.
    pods.patch_status(&name, &PatchParams::default(), &patch)
        .await
        .ok();
}
