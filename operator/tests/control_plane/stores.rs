//! Passes over unchanged stacks read watched objects from the stores, and still see every change.

use crate::{
    requests::Requests,
    scene::{Scene, until},
};
use ecommercestack_crds::ConditionType;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{PersistentVolumeClaim, Service},
};
use kube::{ResourceExt as _, api::DeleteParams};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// As they are written in paths.
const WATCHED: [&str; 12] = [
    "deployments",
    "statefulsets",
    "jobs",
    "horizontalpodautoscalers",
    "persistentvolumeclaims",
    "services",
    "serviceaccounts",
    "roles",
    "rolebindings",
    "ingresses",
    "poddisruptionbudgets",
    "networkpolicies",
];

/// A list of watched objects; autoscalers of others, which have another label, are not watched.
fn is_list_of_watched(request: &str) -> bool {
    let (path, query) = request.split_once('?').unwrap_or((request, ""));
    let kind = path.rsplit('/').next().unwrap_or_default();
    let is_watched = WATCHED.contains(&kind) && !query.contains("%21%3D");
    path.starts_with("GET ") && is_watched && !query.contains("watch=true")
}

/// Waits until some passes over a stack list nothing that is watched.
async fn passes_list_nothing(requests: &Requests, stack: &str) {
    let mut last = Vec::new();
    for _ in 0..10 {
        let before = requests.count();
        sleep(Duration::from_secs(7)).await;
        let made = requests.after(before);
        let passes = made.iter().filter(|request| {
            let path = request.split('?').next().unwrap_or_default();
            path.starts_with("GET ") && path.ends_with(&format!("/ecommercestacks/{stack}"))
        });
        let passes = passes.count();
        last = made
            .into_iter()
            .filter(|made| is_list_of_watched(made))
            .collect();
        if passes >= 2 && last.is_empty() {
            return;
        }
        last.push(format!("{passes} passes"));
    }
    panic!("passes over {stack} still list what is watched: {last:#?}");
}

#[tokio::test]
async fn passes_over_a_stack_that_stands_still_list_nothing_that_is_watched() {
    let mut scene = Scene::empty("stores-unready").await;
    let class = json!({ "size": "1Gi", "className": "none-such" });
    let stuck = json!({ "database": { "managed": { "storage": class } } });
    scene.apply("shop", stuck).await;
    let requests = scene.start_counted_operator(&["--resync", "2s"]).await;
    scene
        .reports("shop", ConditionType::Ready, "False", "StorageUnavailable")
        .await;
    passes_list_nothing(&requests, "shop").await;
    // The StatefulSet's volume is watched by its label, and leaves the watch without it.
    let none = json!({ "metadata": { "labels": { "ecommercestack.dev/stack": null } } });
    let volume = "data-shop-postgres-0";
    scene.patch::<PersistentVolumeClaim>(volume, none).await;
    until("the volume has its label again", async || {
        let found = scene.api::<PersistentVolumeClaim>().get(volume).await;
        let found = found.map_err(|error| error.to_string())?;
        let label = found.labels().get("ecommercestack.dev/stack").cloned();
        label.ok_or("no label".to_owned())
    })
    .await;
    passes_list_nothing(&requests, "shop").await;
}

#[tokio::test]
async fn a_change_by_hand_after_passes_that_listed_nothing_is_taken_back() {
    let mut scene = Scene::empty("stores-ready").await;
    scene.start_nodes();
    scene.apply("shop", json!({})).await;
    let requests = scene.start_counted_operator(&["--resync", "2s"]).await;
    scene.ready("shop").await;
    passes_list_nothing(&requests, "shop").await;

    let services = scene.api::<Service>();
    let ports = services.get("shop-auth").await.unwrap().spec.unwrap().ports;
    let port = json!({ "name": "internal", "port": 8081, "targetPort": 8081 });
    let more = json!({ "spec": { "ports": [port] } });
    scene.patch::<Service>("shop-auth", more).await;
    until("the Service has its ports again", async || {
        let found = services.get("shop-auth").await.unwrap().spec.unwrap().ports;
        if found == ports {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    })
    .await;
    passes_list_nothing(&requests, "shop").await;

    let deployments = scene.api::<Deployment>();
    let before = deployments.get("shop-order").await.unwrap().uid();
    deployments
        .delete("shop-order", &DeleteParams::background())
        .await
        .unwrap();
    until("the Deployment is there again", async || {
        let found = deployments.get("shop-order").await;
        let found = found.map_err(|error| error.to_string())?;
        if found.uid() == before {
            Err("it is the same still".to_owned())
        } else {
            Ok(())
        }
    })
    .await;
    scene.ready("shop").await;
    passes_list_nothing(&requests, "shop").await;
}
