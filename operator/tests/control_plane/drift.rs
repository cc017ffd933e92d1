//! Changes by others of fields that the operator manages are reverted; other fields stay.

use crate::scene::{Scene, until};
use ecommercestack_crds::ConditionType;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::{PersistentVolumeClaim, Secret, Service},
        networking::v1::NetworkPolicy,
    },
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{fmt::Debug, time::Duration};
use tokio::time::sleep;

const STACK: &str = "ecommercestack.dev/stack";

/// Waits until the part of an object's spec that another client changed is as it was.
async fn taken_back<K>(scene: &Scene, name: &str, pointer: &str, before: &Value)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + serde::Serialize,
{
    until(&format!("{pointer} of {name} is as it was"), async || {
        let found = scene.api::<K>().get(name).await.unwrap();
        let found = serde_json::to_value(&found).unwrap();
        let found = found.pointer(pointer).cloned().unwrap_or_default();
        if found == *before {
            Ok(())
        } else {
            Err(found.to_string())
        }
    })
    .await;
}

async fn part<K>(scene: &Scene, name: &str, pointer: &str) -> Value
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + serde::Serialize,
{
    let found = scene.api::<K>().get(name).await.unwrap();
    let found = serde_json::to_value(&found).unwrap();
    found.pointer(pointer).cloned().unwrap_or_default()
}

const TEMPLATE: &str = "/spec/template/spec";

#[tokio::test]
async fn fields_that_others_add_or_replace_are_taken_back_and_their_metadata_stay() {
    let scene = Scene::new("drift").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let template = part::<Deployment>(&scene, "shop-auth", TEMPLATE).await;
    let ports = part::<Service>(&scene, "shop-auth", "/spec/ports").await;
    let policy = part::<NetworkPolicy>(&scene, "shop-auth", "/spec").await;
    let containers = |env: Value| json!({ "spec": { "template": { "spec": { "containers": [{ "name": "auth", "env": env }] } } } });

    // As `kubectl set env deploy/shop-auth DATABASE_URL=changed` does it.
    let changed = json!([{ "name": "DATABASE_URL", "value": "changed", "valueFrom": null }]);
    scene
        .patch::<Deployment>("shop-auth", containers(changed))
        .await;
    taken_back::<Deployment>(&scene, "shop-auth", TEMPLATE, &template).await;
    let added = json!([{ "name": "ACCOUNT_LIMIT_PER_15_MINUTES", "value": "9999" }]);
    scene
        .patch::<Deployment>("shop-auth", containers(added))
        .await;
    taken_back::<Deployment>(&scene, "shop-auth", TEMPLATE, &template).await;
    let sidecar = json!({ "spec": { "paused": true, "template": { "spec": {
        "containers": [{ "name": "sidecar", "image": "sidecar" }],
        "volumes": [{ "name": "more", "emptyDir": {} }],
    } } } });
    scene.patch::<Deployment>("shop-auth", sidecar).await;
    taken_back::<Deployment>(&scene, "shop-auth", TEMPLATE, &template).await;
    assert_eq!(
        part::<Deployment>(&scene, "shop-auth", "/spec/paused").await,
        Value::Null
    );

    let port =
        json!({ "spec": { "ports": [{ "name": "internal", "port": 8081, "targetPort": 8081 }] } });
    scene.patch::<Service>("shop-auth", port).await;
    taken_back::<Service>(&scene, "shop-auth", "/spec/ports", &ports).await;
    let rule = json!({ "spec": { "ingress": [{}] } });
    scene.patch::<NetworkPolicy>("shop-auth", rule).await;
    taken_back::<NetworkPolicy>(&scene, "shop-auth", "/spec", &policy).await;

    // Fields that are open to other clients.
    let restart = json!({
        "metadata": { "annotations": { "team": "blue" }, "labels": { "cost": "1" } },
        "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "now" } } } },
    });
    scene.patch::<Deployment>("shop-auth", restart).await;
    scene
        .patch::<Service>(
            "shop-auth",
            json!({ "metadata": { "annotations": { "team": "blue" } } }),
        )
        .await;
    sleep(Duration::from_secs(3)).await;
    scene.ready("shop").await;
    let auth = scene.api::<Deployment>().get("shop-auth").await.unwrap();
    assert_eq!(
        (
            auth.annotations()["team"].as_str(),
            auth.labels()["cost"].as_str()
        ),
        ("blue", "1")
    );
    let template = auth.spec.template.metadata.unwrap().annotations.unwrap();
    assert_eq!(template["kubectl.kubernetes.io/restartedAt"], "now");
    let service = scene.api::<Service>().get("shop-auth").await.unwrap();
    assert_eq!(service.annotations()["team"], "blue");
}

#[tokio::test]
async fn an_object_whose_immutable_part_is_another_is_made_anew() {
    let scene = Scene::new("immutable").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let services = scene.api::<Service>();
    let mut service = services.get("shop-postgres-pods").await.unwrap();
    let uid = service.uid();
    services
        .delete("shop-postgres-pods", &DeleteParams::default())
        .await
        .unwrap();
    // The same with an address, as a person who repairs it sets it; the operator may be faster.
    service.metadata.resource_version = None;
    service.metadata.uid = None;
    service.metadata.managed_fields = None;
    let spec = service.spec.as_mut().unwrap();
    spec.cluster_ip = None;
    spec.cluster_ips = None;
    services
        .create(&kube::api::PostParams::default(), &service)
        .await
        .ok();
    until("the Service has no address again", async || {
        let service = services
            .get("shop-postgres-pods")
            .await
            .map_err(|error| error.to_string())?;
        let address = service
            .spec
            .as_ref()
            .and_then(|spec| spec.cluster_ip.clone());
        if address.as_deref() == Some("None") && service.uid() != uid {
            Ok(())
        } else {
            Err(format!("{address:?}"))
        }
    })
    .await;
    scene.ready("shop").await;
}

/// Removes our labels and waits until they are back, on the same object.
async fn relabelled<K>(scene: &Scene, name: &str)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let api = scene.api::<K>();
    let before = api.get_metadata(name).await.unwrap();
    let none =
        json!({ "metadata": { "labels": { STACK: null, "app.kubernetes.io/managed-by": null } } });
    api.patch(name, &PatchParams::default(), &Patch::Merge(none))
        .await
        .unwrap();
    until(&format!("{name} has its labels again"), async || {
        let found = api
            .get_metadata(name)
            .await
            .map_err(|error| error.to_string())?;
        if found.labels() == before.labels() && found.uid() == before.uid() {
            Ok(())
        } else {
            Err(format!("{:?}", found.labels()))
        }
    })
    .await;
}

#[tokio::test]
async fn removed_labels_do_not_make_our_objects_foreign() {
    let scene = Scene::new("labels").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    relabelled::<Service>(&scene, "shop-product").await;
    relabelled::<Deployment>(&scene, "shop-order").await;
    relabelled::<k8s_openapi::api::apps::v1::StatefulSet>(&scene, "shop-postgres").await;
    relabelled::<Secret>(&scene, "shop-jwt").await;
    relabelled::<PersistentVolumeClaim>(&scene, "data-shop-postgres-0").await;
    let jobs = scene
        .api::<Job>()
        .list(&ListParams::default())
        .await
        .unwrap();
    for job in jobs {
        relabelled::<Job>(&scene, &job.name_any()).await;
    }
    scene.ready("shop").await;
    let degraded = scene
        .condition("shop", ConditionType::Degraded)
        .await
        .unwrap();
    assert_eq!(degraded.status, "False", "{}", degraded.message);
}

#[tokio::test]
async fn the_initial_password_does_not_return_once_there_is_an_administrator() {
    let scene = Scene::new("administrator").await;
    scene.apply("shop", json!({})).await;
    let secrets = scene.api::<Secret>();
    until("there is an initial password", async || {
        secrets.get("shop-admin").await
    })
    .await;
    scene.ready("shop").await;
    until("the volume remembers the administrator", async || {
        let volume = scene
            .api::<PersistentVolumeClaim>()
            .get("data-shop-postgres-0")
            .await;
        let annotations = volume.unwrap().annotations().clone();
        if annotations.contains_key("ecommercestack.dev/administrator") {
            Ok(())
        } else {
            Err("no")
        }
    })
    .await;
    for name in ["shop-admin", "shop-internal-tokens"] {
        secrets
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }
    until("another Secret is made again", async || {
        secrets.get("shop-internal-tokens").await
    })
    .await;
    sleep(Duration::from_secs(3)).await;
    assert!(secrets.get_opt("shop-admin").await.unwrap().is_none());
    scene.ready("shop").await;
    // A later stack with the same data has the account.
    scene.delete_stack("shop").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    assert!(secrets.get_opt("shop-admin").await.unwrap().is_none());
}

#[tokio::test]
async fn what_happens_to_the_volume_is_seen_at_once() {
    let mut scene = Scene::empty("volume-watch").await;
    scene.start_operator(&["--resync", "1h"]);
    scene.start_nodes();
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let volume = "data-shop-postgres-0";
    let mark = "ecommercestack.dev/currency";
    // The first may coincide with a pass that has another cause.
    for _ in 0..2 {
        let removed = json!({ "metadata": { "annotations": { mark: null } } });
        scene.patch::<PersistentVolumeClaim>(volume, removed).await;
        let back = until("the volume is marked again", async || {
            let found = scene.api::<PersistentVolumeClaim>().get(volume).await;
            let mut annotations = found.unwrap().metadata.annotations.unwrap();
            annotations.remove(mark).ok_or("not yet")
        });
        let back = tokio::time::timeout(Duration::from_secs(15), back).await;
        assert_eq!(back.as_deref(), Ok("USD"));
    }
}
