//! Several installations over one stack: one works on it, and the others report that they do not change it.

use crate::{
    operators::Operator,
    scene::{Scene, until},
};
use ecommercestack_crds::ConditionType::OperatorConflict;
use k8s_openapi::{
    api::{
        core::v1::{Namespace, PersistentVolumeClaim},
        rbac::v1::RoleBinding,
    },
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, ResourceExt as _,
    api::{Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{fmt::Debug, time::Duration};
use tokio::time::sleep;

const VOLUME: &str = "data-shop-postgres-0";

/// The arguments of an installation over the scene's namespace that binds databases to a role of its own.
fn arguments<'a>(scene: &'a Scene, name: &'a str) -> Vec<&'a str> {
    let namespace = scene.namespace.as_str();
    let lease = ["--lease-namespace", namespace, "--lease-name", name];
    [
        &lease[..],
        &["--namespace", namespace, "--postgres-role", name],
    ]
    .concat()
}

async fn installation(scene: &Scene, name: &str) -> Operator {
    Operator::start(&arguments(scene, name)).await
}

async fn works(scene: &Scene, installation: &str) {
    until(installation, async || {
        let found = scene.api::<RoleBinding>().get("shop-postgres").await;
        let found = found.map_err(|error| error.to_string())?;
        let status = scene.stacks().get("shop").await.unwrap().status;
        let operator = status.and_then(|status| status.operator);
        let expected = format!("{}/{installation}", scene.namespace);
        if found.role_ref.name == installation && operator == Some(expected) {
            Ok(())
        } else {
            Err(format!("{operator:?} {}", found.role_ref.name))
        }
    })
    .await;
}

async fn conflict(scene: &Scene) -> Condition {
    scene
        .reports("shop", OperatorConflict, "True", "OwnedElsewhere")
        .await
}

async fn no_conflict(scene: &Scene) {
    until("no installation reports a conflict", async || {
        match scene.condition("shop", OperatorConflict).await {
            None => Ok(()),
            Some(condition) => Err(condition.message),
        }
    })
    .await;
}

async fn assign(scene: &Scene, installation: &str) {
    let value = format!("{}/{installation}", scene.namespace);
    let patch = json!({ "metadata": { "annotations": { "ecommercestack.dev/operator": value } } });
    let stacks = scene.stacks();
    let parameters = PatchParams::default();
    stacks
        .patch("shop", &parameters, &Patch::Merge(patch))
        .await
        .unwrap();
}

async fn create<K>(api: &Api<K>, object: Value)
where
    K: kube::Resource + Clone + Debug + Serialize + DeserializeOwned,
{
    let object = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap();
}

#[tokio::test]
async fn a_stack_of_another_installation_is_left_alone_until_that_one_is_gone() {
    let scene = Scene::new("two-installations").await;
    let first = installation(&scene, "first").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    works(&scene, "first").await;
    no_conflict(&scene).await;

    let second = installation(&scene, "second").await;
    let without_lease =
        Operator::start(&["--namespace", &scene.namespace, "--postgres-role", "third"]).await;
    let condition = conflict(&scene).await;
    assert_eq!(
        condition.message,
        "the operator with the Lease two-installations/first owns this stack, so the operator with the Lease \
         two-installations/second does not change it; uninstall one of them, or configure them to watch different \
         namespaces; to assign the stack to two-installations/second, run kubectl annotate ecommercestack shop \
         --namespace two-installations --overwrite ecommercestack.dev/operator=two-installations/second"
    );
    // Passes that were running when the condition was written have ended by then.
    sleep(Duration::from_secs(3)).await;
    let binding = scene
        .api::<RoleBinding>()
        .get("shop-postgres")
        .await
        .unwrap();
    let status_writes = || [&first, &second].map(Operator::status_writes);
    let before = status_writes();
    sleep(Duration::from_secs(20)).await;
    let later = scene
        .api::<RoleBinding>()
        .get("shop-postgres")
        .await
        .unwrap();
    assert_eq!(later.uid(), binding.uid());
    assert_eq!(
        status_writes(),
        before,
        "a status is written again and again"
    );
    assert_eq!((second.writes(), without_lease.writes()), (0, 0));
    scene.ready("shop").await;

    first.stop().await;
    without_lease.kill().await;
    works(&scene, "second").await;
    no_conflict(&scene).await;
    scene.ready("shop").await;
    until("the volume says whose it is", async || {
        let volume = scene.api::<PersistentVolumeClaim>().get(VOLUME).await;
        let annotations = volume.unwrap().annotations().clone();
        match annotations.get("ecommercestack.dev/operator") {
            Some(operator) if operator == "two-installations/second" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn a_killed_installation_loses_its_stacks() {
    let scene = Scene::empty("killed-installation").await;
    let first = installation(&scene, "first").await;
    scene.apply("shop", json!({})).await;
    works(&scene, "first").await;
    first.kill().await;
    let _second = installation(&scene, "second").await;
    works(&scene, "second").await;
    no_conflict(&scene).await;
}

#[tokio::test]
async fn a_person_gives_a_stack_to_another_installation() {
    let scene = Scene::empty("assigned").await;
    let first = installation(&scene, "first").await;
    scene.apply("shop", json!({})).await;
    works(&scene, "first").await;
    let _second = installation(&scene, "second").await;
    conflict(&scene).await;

    assign(&scene, "second").await;
    works(&scene, "second").await;
    until(
        "the first reports that it does not change the stack",
        async || {
            let condition = scene.condition("shop", OperatorConflict).await;
            let message = condition.map_or_else(String::new, |condition| condition.message);
            if message.contains("so the operator with the Lease assigned/first does not change it")
            {
                Ok(())
            } else {
                Err(message)
            }
        },
    )
    .await;
    works(&scene, "second").await;
    first.stop().await;
    no_conflict(&scene).await;
}

/// As in namespaced mode, after the other installation was removed together with its roles.
#[tokio::test]
async fn an_installation_whose_lease_may_not_be_read_keeps_its_stack_until_a_person_gives_it_away()
{
    let scene = Scene::empty("hidden").await;
    let elsewhere = json!({ "metadata": { "name": "hidden-elsewhere" } });
    create(&Api::<Namespace>::all(scene.client.clone()), elsewhere).await;
    let namespace = scene.namespace.as_str();
    let first = [
        "--lease-namespace",
        "hidden-elsewhere",
        "--lease-name",
        "first",
        "--namespace",
        namespace,
    ];
    let first = Operator::start(&first).await;
    scene.apply("shop", json!({})).await;
    until("the first works", async || {
        scene.api::<RoleBinding>().get("shop-postgres").await
    })
    .await;
    first.stop().await;

    let subject =
        json!([{ "kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "hidden" }]);
    let role = json!({ "kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "cluster-admin" });
    let here = json!({ "metadata": { "name": "second" }, "subjects": subject, "roleRef": role });
    create(&scene.api::<RoleBinding>(), here).await;
    let second = Operator::start_as("hidden", &arguments(&scene, "second")).await;
    let condition = conflict(&scene).await;
    assert_eq!(
        condition.message,
        "the operator with the Lease hidden-elsewhere/first owned this stack last, and the operator with the Lease \
         hidden/second is not permitted to read that Lease, so it does not change the stack; if the other \
         installation was removed, run kubectl annotate ecommercestack shop --namespace hidden --overwrite \
         ecommercestack.dev/operator=hidden/second"
    );
    assert_eq!(second.writes(), 0);
    assign(&scene, "second").await;
    works(&scene, "second").await;
    no_conflict(&scene).await;
}

/// How a deleted stack was last applied is known only to those who observed the deletion.
#[tokio::test]
async fn what_a_deleted_stack_left_is_left_to_the_installation_that_worked_on_it() {
    let scene = Scene::empty("left").await;
    let elsewhere = json!({ "metadata": { "name": "left-elsewhere" } });
    create(&Api::<Namespace>::all(scene.client.clone()), elsewhere).await;
    let lease = ["--lease-namespace", "left", "--lease-name", "first"];
    let first = Operator::start(&[&lease[..], &["--namespace", "left-elsewhere"]].concat()).await;
    let volume = json!({
        "metadata": {
            "name": VOLUME,
            "labels": { "app.kubernetes.io/managed-by": "ecommercestack-operator", "ecommercestack.dev/stack": "shop" },
            "annotations": {
                "ecommercestack.dev/stack-uid": "00000000-0000-0000-0000-000000000001",
                "ecommercestack.dev/deletion-policy": "Delete",
                "ecommercestack.dev/operator": "left/first",
            },
        },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
    });
    let volumes = scene.api::<PersistentVolumeClaim>();
    create(&volumes, volume).await;
    let second = installation(&scene, "second").await;
    sleep(Duration::from_secs(20)).await;
    let found = volumes.get(VOLUME).await.unwrap();
    assert!(found.owner_references().is_empty());
    assert_eq!(second.writes(), 0);

    first.stop().await;
    second.kill().await;
    let _second = installation(&scene, "second").await;
    until("the volume goes", async || {
        let found = volumes.get_opt(VOLUME).await.unwrap();
        match found {
            Some(volume) if volume.owner_references().is_empty() => Err("it stays"),
            Some(_) | None => Ok(()),
        }
    })
    .await;
}
