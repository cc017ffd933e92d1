//! `ConfigMaps` of another owner under the names of those in which Patroni keeps its state.

use crate::deletion::{data, in_force, nothing_runs};
use crate::scene::{Scene, until};
use ecommercestack_crds::{ConditionType::Ready, DeletionPolicy};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams, PostParams},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// `ConfigMaps` of another owner, under the names that Patroni gives those of a shop's database.
async fn create_foreign_states(scene: &Scene, labels: Value) {
    for name in ["shop-postgres-config", "shop-postgres-sync"] {
        let theirs =
            json!({ "metadata": { "name": name, "labels": labels }, "data": { "mine": "yes" } });
        let theirs: ConfigMap = serde_json::from_value(theirs).unwrap();
        let api = scene.api::<ConfigMap>();
        api.create(&PostParams::default(), &theirs).await.unwrap();
    }
}

async fn config_maps(scene: &Scene) -> Vec<ConfigMap> {
    let api = scene.api::<ConfigMap>();
    let mut all = api.list(&ListParams::default()).await.unwrap().items;
    all.retain(|config_map| config_map.name_any() != "kube-root-ca.crt");
    all
}

async fn delete_config_maps(scene: &Scene) {
    for config_map in config_maps(scene).await {
        let api = scene.api::<ConfigMap>();
        api.delete(&config_map.name_any(), &DeleteParams::default())
            .await
            .unwrap();
    }
}

/// The stack reports a conflict and creates no database; the `ConfigMaps` outlive it.
async fn are_left_alone(scene: &Scene) {
    let before = config_maps(scene).await;
    assert_eq!(before.len(), 2);
    // Times of creation are whole seconds.
    sleep(Duration::from_millis(1100)).await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    let found = scene.reports("shop", Ready, "False", "Conflict").await;
    assert!(
        found.message.contains("ConfigMap shop-postgres-"),
        "{found:?}"
    );
    assert!(scene.names::<StatefulSet>().await.is_empty());
    scene.delete_stack("shop").await;
    nothing_runs(scene).await;
    // The garbage collector has ended by then.
    sleep(Duration::from_secs(6)).await;
    assert_eq!(config_maps(scene).await, before);
}

/// A new stack used to delete them as remains of a lost database.
#[tokio::test]
async fn foreign_config_maps_in_the_place_of_those_of_patroni_are_reported_and_outlive_the_stack() {
    let scene = Scene::new("foreign-state").await;
    create_foreign_states(&scene, json!({})).await;
    are_left_alone(&scene).await;
    delete_config_maps(&scene).await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
}

#[tokio::test]
async fn config_maps_that_a_foreign_patroni_works_with_are_reported_and_outlive_the_stack() {
    let scene = Scene::new("foreign-patroni").await;
    let labels = json!({ "cluster-name": "shop-postgres" });
    create_foreign_states(&scene, labels.clone()).await;
    let theirs = json!({
        "metadata": { "name": "theirs-0", "labels": labels },
        "spec": { "containers": [{ "name": "postgres", "image": "theirs" }] },
    });
    let theirs: Pod = serde_json::from_value(theirs).unwrap();
    let pods = scene.api::<Pod>();
    pods.create(&PostParams::default(), &theirs).await.unwrap();
    are_left_alone(&scene).await;
}

/// One that is created while the stack exists is as young as what Patroni leaves when it shuts down.
#[tokio::test]
async fn a_young_foreign_config_map_does_not_go_with_a_deleted_stack() {
    let scene = Scene::new("young-state").await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    scene.ready("shop").await;
    in_force(&scene, DeletionPolicy::Delete).await;
    sleep(Duration::from_secs(2)).await;
    let theirs =
        json!({ "metadata": { "name": "shop-postgres-failover" }, "data": { "mine": "yes" } });
    let theirs: ConfigMap = serde_json::from_value(theirs).unwrap();
    let api = scene.api::<ConfigMap>();
    api.create(&PostParams::default(), &theirs).await.unwrap();
    scene.delete_stack("shop").await;
    until("the rest is gone", async || {
        let left = data(&scene).await;
        if left == ["shop-postgres-failover"] {
            Ok(())
        } else {
            Err(left.join(" "))
        }
    })
    .await;
    sleep(Duration::from_secs(6)).await;
    assert_eq!(data(&scene).await, ["shop-postgres-failover"]);
}
