//! Every cause that prevents a stack from becoming ready is in its conditions, with the field to change.

use crate::scene::Scene;
use ecommercestack_crds::ConditionType::{Available, PostgresReady, Ready};
use k8s_openapi::api::{core::v1::ResourceQuota, storage::v1::StorageClass};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

async fn quota(scene: &Scene, hard: Value) {
    let quota = json!({ "metadata": { "name": "tight" }, "spec": { "hard": hard } });
    let quota: ResourceQuota = serde_json::from_value(quota).unwrap();
    let quotas = scene.api::<ResourceQuota>();
    quotas.create(&PostParams::default(), &quota).await.unwrap();
    crate::scene::until("the quota counts", async || {
        let status = quotas.get("tight").await.unwrap().status;
        if status.and_then(|status| status.used).is_some() {
            Ok(())
        } else {
            Err("not yet")
        }
    })
    .await;
}

/// A database whose volume waits for its pod, as with most classes of a cluster; the pod is missing.
async fn volume_that_waits(scene: &Scene) -> Value {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": "waits" },
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    });
    let classes: Api<StorageClass> = Api::all(scene.client.clone());
    let apply = PatchParams::apply("tests");
    let applied = classes.patch("waits", &apply, &Patch::Apply(class)).await;
    applied.unwrap();
    json!({ "database": { "managed": { "storage": { "size": "1Gi", "className": "waits" } } } })
}

#[tokio::test]
async fn a_quota_without_pods_is_why_the_database_does_not_start() {
    let scene = Scene::without_nodes("no-pods").await;
    quota(&scene, json!({ "pods": "0" })).await;
    scene.apply("shop", volume_that_waits(&scene).await).await;
    let found = scene.reports("shop", Ready, "False", "QuotaExceeded").await;
    assert_eq!(
        found.message,
        "the database's pod cannot be created: ResourceQuota tight allows pods=0; pods=0 is in use and pods=1 more \
         is needed; raise the quota"
    );
    let postgres = scene.condition("shop", PostgresReady).await.unwrap();
    assert_eq!(postgres.reason, "QuotaExceeded");
}

#[tokio::test]
async fn a_quota_on_memory_names_the_field_to_lower() {
    let scene = Scene::without_nodes("no-memory").await;
    quota(&scene, json!({ "limits.memory": "100Mi" })).await;
    scene.apply("shop", volume_that_waits(&scene).await).await;
    let found = scene.reports("shop", Ready, "False", "QuotaExceeded").await;
    assert!(
        found
            .message
            .ends_with("raise the quota or lower spec.database.managed.resources"),
        "{}",
        found.message
    );
}

#[tokio::test]
async fn a_quota_on_storage_stops_the_stack_before_it_has_begun() {
    let scene = Scene::without_nodes("no-storage").await;
    quota(&scene, json!({ "requests.storage": "100Mi" })).await;
    scene.apply("shop", json!({})).await;
    let found = scene.reports("shop", Ready, "False", "QuotaExceeded").await;
    assert!(
        found
            .message
            .contains("PersistentVolumeClaim data-shop-postgres-0"),
        "{}",
        found.message
    );
    assert!(
        found
            .message
            .ends_with("lower spec.database.managed.storage.size"),
        "{}",
        found.message
    );
}

#[tokio::test]
async fn a_quota_that_stops_a_migration_or_a_service_is_told_apart() {
    let scene = Scene::new("some-pods").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    quota(&scene, json!({ "pods": "1" })).await;
    scene
        .apply(
            "shop",
            json!({ "components": { "product": { "replicas": 2 } } }),
        )
        .await;
    let found = scene.reports("shop", Ready, "False", "QuotaExceeded").await;
    assert!(
        found
            .message
            .starts_with("pods of product cannot be created: ResourceQuota tight allows pods=1"),
        "{}",
        found.message
    );
    assert!(
        found
            .message
            .ends_with("or lower spec.components.product.replicas"),
        "{}",
        found.message
    );
    scene
        .apply(
            "shop",
            json!({ "components": { "auth": { "image": "registry/auth:2" } } }),
        )
        .await;
    let auth = ecommercestack_crds::ConditionType::AuthReady;
    let found = scene.reports("shop", auth, "False", "QuotaExceeded").await;
    assert!(
        found
            .message
            .contains("auth cannot migrate, since no pod of Job shop-auth-migrate-"),
        "{}",
        found.message
    );
    scene
        .api::<ResourceQuota>()
        .delete("tight", &DeleteParams::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_missing_storage_class_is_named() {
    let scene = Scene::without_nodes("no-class").await;
    let storage =
        json!({ "database": { "managed": { "storage": { "size": "1Gi", "className": "nope" } } } });
    scene.apply("shop", storage).await;
    let found = scene
        .reports("shop", Ready, "False", "StorageUnavailable")
        .await;
    assert!(
        found.message.contains(
            "StorageClass nope of spec.database.managed.storage.className does not exist; \
             create that class"
        ),
        "{}",
        found.message
    );
    // This cluster has no default class, either.
    scene.apply("other", json!({})).await;
    let found = scene
        .reports("other", Ready, "False", "StorageUnavailable")
        .await;
    assert!(
        found
            .message
            .contains("the cluster has no default StorageClass"),
        "{}",
        found.message
    );
}

#[tokio::test]
async fn a_shop_without_pods_of_a_service_is_as_the_spec_says_and_not_available() {
    let scene = Scene::new("zero").await;
    scene
        .apply(
            "shop",
            json!({ "components": { "auth": { "replicas": 0 } } }),
        )
        .await;
    let available = scene
        .reports("shop", Available, "False", "ScaledToZero")
        .await;
    assert!(
        available.message.contains("spec.components.auth.replicas"),
        "{}",
        available.message
    );
    let ready = scene.reports("shop", Ready, "True", "ScaledToZero").await;
    assert!(!ready.message.contains("serves"), "{}", ready.message);
}
