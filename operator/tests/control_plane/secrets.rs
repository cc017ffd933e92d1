//! Secrets that others change or delete, in a running shop.

use crate::scene::{Scene, until};
use ecommercestack_crds::ConditionType::{AuthReady, Degraded, PostgresReady, Ready};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::Deployment,
        batch::v1::Job,
        core::v1::{Event, PersistentVolumeClaim, Secret, Service},
        networking::v1::Ingress,
    },
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;

const STACK: &str = "ecommercestack.dev/stack";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

async fn merge<K>(scene: &Scene, name: &str, patch: Value)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let patch = Patch::Merge(patch);
    let merged = scene
        .api::<K>()
        .patch(name, &PatchParams::default(), &patch)
        .await;
    merged.unwrap();
}

async fn delete<K>(scene: &Scene, name: &str)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    let parameters = DeleteParams::default();
    scene.api::<K>().delete(name, &parameters).await.unwrap();
}

async fn gone<K>(scene: &Scene, name: &str)
where
    K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned,
{
    until(&format!("{name} is gone"), async || {
        match scene.api::<K>().get_opt(name).await.unwrap() {
            None => Ok(()),
            Some(_) => Err("it is there"),
        }
    })
    .await;
}

async fn value(scene: &Scene, secret: &str, key: &str) -> Option<String> {
    let secret = scene.api::<Secret>().get_opt(secret).await.unwrap()?;
    let value = secret.data?.remove(key)?;
    Some(String::from_utf8(value.0).unwrap())
}

#[tokio::test]
async fn a_mislabelled_secret_holds_the_pods_that_need_it_and_everything_else_goes_on() {
    let scene = Scene::new("mislabelled").await;
    let route = json!({ "ingress": { "host": "mislabelled.localhost", "checkUrl": false } });
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    scene.apply("shop", route).await;
    until("there is an Ingress", async || {
        scene.api::<Ingress>().get("shop").await
    })
    .await;
    let jobs = scene.names::<Job>().await;
    let none = json!({ "metadata": { "labels": null, "annotations": null } });
    merge::<Secret>(&scene, "shop-jwt", none).await;
    let conflict = scene.reports("shop", AuthReady, "False", "Conflict").await;
    assert!(
        conflict
            .message
            .contains("Secret shop-jwt does not belong to this stack"),
        "{}",
        conflict.message
    );
    scene.reports("shop", Ready, "False", "Conflict").await;
    let auth = scene.api::<Deployment>().get("shop-auth").await.unwrap();

    // The route is removed, and the policy and the numbers of pods change.
    let changed = json!({
        "deletionPolicy": "Delete",
        "components": { "auth": { "replicas": 3 }, "product": { "replicas": 2 } },
    });
    scene.apply("shop", changed).await;
    gone::<Ingress>(&scene, "shop").await;
    until("product has two pods", async || {
        let product = scene.api::<Deployment>().get("shop-product").await.unwrap();
        match product.spec.replicas {
            Some(2) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    until("the volume has the new policy", async || {
        let volumes = scene.api::<PersistentVolumeClaim>();
        let volume = volumes.get("data-shop-postgres-0").await.unwrap();
        match volume
            .annotations()
            .get("ecommercestack.dev/deletion-policy")
        {
            Some(policy) if policy == "Delete" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    for secret in ["shop-internal-tokens", "shop-order-database"] {
        delete::<Secret>(&scene, secret).await;
        until("another Secret is made again", async || {
            scene.api::<Secret>().get(secret).await
        })
        .await;
    }
    delete::<Service>(&scene, "shop-product").await;
    until("a Service is made again", async || {
        scene.api::<Service>().get("shop-product").await
    })
    .await;

    let held = scene.api::<Deployment>().get("shop-auth").await.unwrap();
    assert_eq!((held.uid(), held.spec), (auth.uid(), auth.spec));
    assert!(value(&scene, "shop-jwt", "active").await.is_some());
    let left = scene.names::<Job>().await;
    assert!(
        jobs.iter()
            .all(|job| job.contains("bootstrap") || left.contains(job))
    );
    let labels = json!({ "metadata": { "labels": {
        STACK: "shop", MANAGED_BY: "ecommercestack-operator",
    } } });
    merge::<Secret>(&scene, "shop-jwt", labels).await;
    scene.ready("shop").await;
    let auth = scene.api::<Deployment>().get("shop-auth").await.unwrap();
    assert_eq!(auth.spec.replicas, Some(3));
}

#[tokio::test]
async fn a_foreign_service_keeps_no_removed_ingress_serving() {
    let mut scene = Scene::empty("foreign-service").await;
    let service = json!({
        "metadata": { "name": "shop-order" }, "spec": { "ports": [{ "port": 1 }] },
    });
    let service = serde_json::from_value(service).unwrap();
    let services = scene.api::<Service>();
    services
        .create(&PostParams::default(), &service)
        .await
        .unwrap();
    scene.start_nodes();
    scene.start_operator(&[]);
    let route = json!({ "ingress": { "host": "foreign-service.localhost", "checkUrl": false } });
    scene.apply("shop", route).await;
    scene.reports("shop", Degraded, "True", "Conflict").await;
    until("there is an Ingress", async || {
        scene.api::<Ingress>().get("shop").await
    })
    .await;
    scene.apply("shop", json!({})).await;
    gone::<Ingress>(&scene, "shop").await;
    scene.reports("shop", Degraded, "True", "Conflict").await;
    let service = services.get("shop-order").await.unwrap();
    assert_eq!(service.spec.unwrap().ports.unwrap()[0].port, 1);
}

#[tokio::test]
async fn a_changed_password_reaches_the_address_the_database_and_the_pods() {
    let scene = Scene::new("password").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let bootstraps = async || {
        let mut jobs = scene.names::<Job>().await;
        jobs.retain(|job| job.contains("bootstrap"));
        jobs
    };
    let hash = async |name: &str| {
        let deployment = scene.api::<Deployment>().get(name).await.unwrap();
        let template = deployment.spec.template.metadata.unwrap();
        template.annotations.unwrap()["ecommercestack.dev/secrets"].clone()
    };
    let (jobs, order, auth) = (
        bootstraps().await,
        hash("shop-order").await,
        hash("shop-auth").await,
    );
    let new = json!({ "stringData": { "password": "p@ss" } });
    merge::<Secret>(&scene, "shop-order-database", new).await;
    let wanted = "postgresql://order_a:p%40ss@shop-postgres:5432/order";
    until("the address has the new password", async || {
        match value(&scene, "shop-order-database", "uri").await {
            Some(uri) if uri == wanted => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    until("another bootstrap Job sets it", async || {
        let now = bootstraps().await;
        if now != jobs && !now.is_empty() {
            Ok(())
        } else {
            Err(now.join(" "))
        }
    })
    .await;
    until("the pods roll", async || {
        if hash("shop-order").await == order {
            Err("not yet")
        } else {
            Ok(())
        }
    })
    .await;
    scene.ready("shop").await;
    assert_eq!(hash("shop-auth").await, auth);

    let elsewhere = json!({ "stringData": { "uri": "postgresql://elsewhere/order" } });
    merge::<Secret>(&scene, "shop-order-database", elsewhere).await;
    until("the address is put back", async || {
        match value(&scene, "shop-order-database", "uri").await {
            Some(uri) if uri == wanted => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    scene
        .reports("shop", PostgresReady, "True", "Running")
        .await;
}

/// The notes of the Events of a reason.
async fn notes(scene: &Scene, reason: &str) -> Vec<String> {
    let events = scene.api::<Event>().list(&ListParams::default()).await;
    let events = events.unwrap().items.into_iter();
    let of_reason = events.filter(|event| event.reason.as_deref() == Some(reason));
    of_reason.filter_map(|event| event.message).collect()
}

#[tokio::test]
async fn lost_keys_of_tokens_are_said_before_and_told_after() {
    const REPLACED: &str = "SigningKeysReplaced";
    let scene = Scene::new("lost-keys").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    assert!(notes(&scene, REPLACED).await.is_empty());
    let before = value(&scene, "shop-jwt", "active").await;

    let kept = json!({ "metadata": { "finalizers": ["example.org/backup"] } });
    merge::<Secret>(&scene, "shop-jwt", kept).await;
    delete::<Secret>(&scene, "shop-jwt").await;
    scene
        .reports("shop", Degraded, "True", "SigningKeysLeaving")
        .await;
    assert!(notes(&scene, REPLACED).await.is_empty());

    let free = json!({ "metadata": { "finalizers": null } });
    merge::<Secret>(&scene, "shop-jwt", free).await;
    until("there are other keys", async || {
        match value(&scene, "shop-jwt", "active").await {
            Some(now) if Some(&now) != before.as_ref() => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    scene.ready("shop").await;
    let notes = notes(&scene, REPLACED).await;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("Secret shop-jwt was missing"),
        "{}",
        notes[0]
    );
}
