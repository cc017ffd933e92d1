//! The resource as it was last applied decides what is deleted with it, however soon it is deleted.

use crate::scene::{Scene, until};
use ecommercestack_crds::{
    ConditionType::{PostgresReady, Ready},
    DeletionPolicy,
};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret},
};
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::sleep;

const VOLUME: &str = "data-shop-postgres-0";

/// Volumes, Secrets and Patroni's state, without the objects of Kubernetes.
pub async fn data(scene: &Scene) -> Vec<String> {
    let all = [
        scene.names::<PersistentVolumeClaim>().await,
        scene.names::<Secret>().await,
        scene.names::<ConfigMap>().await,
    ];
    let mut names = all.concat();
    names.retain(|name| name != "kube-root-ca.crt");
    names
}

pub async fn nothing_runs(scene: &Scene) {
    until("nothing of the stack runs", async || {
        let mut left = scene.names::<Deployment>().await;
        left.extend(scene.names::<StatefulSet>().await);
        if left.is_empty() {
            Ok(())
        } else {
            Err(left.join(" "))
        }
    })
    .await;
}

async fn no_data(scene: &Scene) {
    until("nothing is left", async || {
        let left = data(scene).await;
        if left.is_empty() {
            Ok(())
        } else {
            Err(left.join(" "))
        }
    })
    .await;
}

pub async fn in_force(scene: &Scene, policy: DeletionPolicy) {
    until("the policy is in force", async || {
        let status = scene.stacks().get("shop").await.unwrap().status;
        let found = status.and_then(|status| status.deletion_policy);
        if found == Some(policy) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    })
    .await;
}

#[tokio::test]
async fn retain_applied_right_before_the_deletion_keeps_volume_and_secrets() {
    let mut scene = Scene::new("late-retain").await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    scene.ready("shop").await;
    in_force(&scene, DeletionPolicy::Delete).await;
    let before = uids(&scene).await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Retain" }))
        .await;
    scene.delete_stack("shop").await;
    nothing_runs(&scene).await;
    stays(&scene, &before).await;
    let secret = scene.api::<Secret>().get("shop-jwt").await.unwrap();
    let volume = scene.api::<PersistentVolumeClaim>().get(VOLUME).await;
    for annotations in [secret.annotations(), volume.unwrap().annotations()] {
        assert_eq!(annotations["ecommercestack.dev/deletion-policy"], "Retain");
    }
    // An operator that starts again has not observed the deletion.
    scene.stop_operator().await;
    scene.start_operator(&[]);
    stays(&scene, &before).await;
    // An operator that sees the next stack of the name deletes nothing, either.
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    stays(&scene, &before).await;
}

async fn uids(scene: &Scene) -> BTreeSet<String> {
    let all = ListParams::default();
    let volumes = scene.api::<PersistentVolumeClaim>();
    let volumes = volumes.list_metadata(&all).await.unwrap().items;
    let secrets = scene.api::<Secret>().list_metadata(&all).await;
    let secrets = secrets.unwrap().items;
    let volumes = volumes.iter().filter_map(ResourceExt::uid);
    volumes
        .chain(secrets.iter().filter_map(ResourceExt::uid))
        .collect()
}

/// Waits longer than the operator and the garbage collector take for a deletion, and checks that nothing was deleted.
async fn stays(scene: &Scene, before: &BTreeSet<String>) {
    sleep(Duration::from_secs(6)).await;
    let left = uids(scene).await;
    assert!(left.is_superset(before), "{before:?} {left:?}");
    let volume = scene
        .api::<PersistentVolumeClaim>()
        .get(VOLUME)
        .await
        .unwrap();
    assert_eq!(volume.metadata.deletion_timestamp, None);
}

#[tokio::test]
async fn delete_applied_right_before_the_deletion_takes_everything_along() {
    let scene = Scene::new("late-delete").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    in_force(&scene, DeletionPolicy::Retain).await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    scene.delete_stack("shop").await;
    no_data(&scene).await;
}

#[tokio::test]
async fn stacks_deleted_soon_after_their_apply_leave_nothing() {
    let scene = Scene::new("soon-deleted").await;
    for round in 0..9_u64 {
        let name = format!("shop{round}");
        scene
            .apply(&name, json!({ "deletionPolicy": "Delete" }))
            .await;
        sleep(Duration::from_millis(round * 150)).await;
        scene.delete_stack(&name).await;
    }
    sleep(Duration::from_secs(3)).await;
    no_data(&scene).await;
    // Nothing is created again.
    sleep(Duration::from_secs(4)).await;
    assert_eq!(data(&scene).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stack_deleted_while_no_operator_runs_takes_its_data_along_later() {
    let mut scene = Scene::new("away").await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    scene.ready("shop").await;
    in_force(&scene, DeletionPolicy::Delete).await;
    scene.stop_operator().await;
    scene.delete_stack("shop").await;
    nothing_runs(&scene).await;
    assert!(data(&scene).await.contains(&VOLUME.to_owned()));
    scene.start_operator(&[]);
    no_data(&scene).await;
}

#[tokio::test]
async fn the_next_stack_of_the_name_begins_with_nothing_or_with_all_as_the_policy_of_the_first_says()
 {
    let scene = Scene::new("successor").await;
    let volume = async || {
        let volume = scene
            .api::<PersistentVolumeClaim>()
            .get(VOLUME)
            .await
            .unwrap();
        let secret = scene.api::<Secret>().get("shop-jwt").await.unwrap();
        (volume.uid(), secret.uid())
    };
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let first = volume().await;
    scene.delete_stack("shop").await;
    scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    scene.ready("shop").await;
    in_force(&scene, DeletionPolicy::Delete).await;
    assert_eq!(volume().await, first, "Retain: taken up");
    scene.delete_stack("shop").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let third = volume().await;
    assert_ne!(
        (&first.0, &first.1),
        (&third.0, &third.1),
        "Delete: created again"
    );
    assert_ne!(first.0, third.0);
    assert_ne!(first.1, third.1);
}

#[tokio::test]
async fn a_volume_has_its_policy_before_a_pod_can_use_it() {
    let scene = Scene::without_nodes("marked").await;
    let stack = scene
        .apply("shop", json!({ "deletionPolicy": "Delete" }))
        .await;
    let volume = until("there is a volume", async || {
        scene.api::<PersistentVolumeClaim>().get(VOLUME).await
    })
    .await;
    let annotations = volume.annotations();
    assert_eq!(annotations["ecommercestack.dev/deletion-policy"], "Delete");
    assert_eq!(
        annotations["ecommercestack.dev/stack-uid"],
        stack.uid().unwrap()
    );
    assert_eq!(volume.owner_references(), []);
}

#[tokio::test]
async fn a_stack_made_again_with_other_fields_that_cannot_change_is_refused_and_writes_nothing() {
    let scene = Scene::new("adoption").await;
    let volume = async || {
        let volume = scene.api::<PersistentVolumeClaim>().get(VOLUME).await;
        volume.unwrap()
    };
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let first = volume().await;
    assert_eq!(first.annotations()["ecommercestack.dev/currency"], "USD");
    scene.delete_stack("shop").await;
    nothing_runs(&scene).await;

    let other = json!({
        "currency": "EUR",
        "deletionPolicy": "Delete",
        "database": { "managed": { "storage": { "size": "16Gi" } } },
    });
    scene.apply("shop", other.clone()).await;
    let refused = scene
        .reports("shop", Ready, "False", "AdoptionRefused")
        .await;
    for part in ["spec.currency was USD and is EUR", "was 1Gi and is 16Gi"] {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
    // Some passes later.
    sleep(Duration::from_secs(3)).await;
    assert_eq!(scene.names::<StatefulSet>().await, Vec::<String>::new());
    assert_eq!(volume().await.annotations(), first.annotations());

    // Deleting the refused stack deletes no data, whatever its policy.
    scene.delete_stack("shop").await;
    sleep(Duration::from_secs(4)).await;
    assert_eq!(volume().await.uid(), first.uid());
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    assert_eq!(volume().await.uid(), first.uid());

    // Without its volume it is an empty shop.
    scene.delete_stack("shop").await;
    nothing_runs(&scene).await;
    scene.apply("shop", other).await;
    scene
        .reports("shop", Ready, "False", "AdoptionRefused")
        .await;
    let volumes = scene.api::<PersistentVolumeClaim>();
    volumes
        .delete(VOLUME, &DeleteParams::default())
        .await
        .unwrap();
    scene.ready("shop").await;
    assert_eq!(
        volume().await.annotations()["ecommercestack.dev/currency"],
        "EUR"
    );
}

#[tokio::test]
async fn a_volume_that_is_being_deleted_is_said_while_its_pod_runs() {
    let scene = Scene::new("leaving").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    // Kubernetes keeps a claim for pods on nodes, and there are no nodes.
    let held = json!({ "metadata": { "finalizers": ["ecommercestack.dev/test"] } });
    scene.patch::<PersistentVolumeClaim>(VOLUME, held).await;
    let volumes = scene.api::<PersistentVolumeClaim>();
    volumes
        .delete(VOLUME, &DeleteParams::default())
        .await
        .unwrap();
    let found = scene.reports("shop", Ready, "False", "VolumeLost").await;
    assert!(
        found
            .message
            .contains("as soon as pod shop-postgres-0 ends"),
        "{}",
        found.message
    );
    let postgres = scene.condition("shop", PostgresReady).await.unwrap();
    assert_eq!(postgres.reason, "VolumeLost");
    // A template that changed does not restart the pod that holds the claim.
    let pods = scene.api::<Pod>();
    let before = pods.get("shop-postgres-0").await.unwrap().uid();
    let more = json!({ "managed": {
        "storage": { "size": "1Gi" },
        "resources": { "limits": { "memory": "2Gi" } },
    } });
    scene.apply("shop", json!({ "database": more })).await;
    sleep(Duration::from_secs(8)).await;
    assert_eq!(pods.get("shop-postgres-0").await.unwrap().uid(), before);
    assert!(volumes.get_opt(VOLUME).await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_that_is_another_one_is_reported_until_a_person_accepts_it() {
    let scene = Scene::new("replaced").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let kept = async || {
        let status = scene.stacks().get("shop").await.unwrap().status.unwrap();
        status.database.unwrap().system_identifier.unwrap()
    };
    assert_eq!(kept().await, "1");
    // As Patroni does when it finds its volume empty.
    let initialize =
        |identifier: &str| json!({ "metadata": { "annotations": { "initialize": identifier } } });
    scene
        .patch::<ConfigMap>("shop-postgres-config", initialize("2"))
        .await;
    let found = scene
        .reports("shop", Ready, "False", "DatabaseReplaced")
        .await;
    let accept = "ecommercestack.dev/accept-database";
    assert!(
        found.message.contains(&format!("{accept}=2")),
        "{}",
        found.message
    );
    // Later passes change nothing.
    sleep(Duration::from_secs(5)).await;
    scene
        .reports("shop", PostgresReady, "False", "DatabaseReplaced")
        .await;
    assert_eq!(kept().await, "1");
    let consent = json!({ "metadata": { "annotations": { accept: "2" } } });
    let parameters = PatchParams::default();
    scene
        .stacks()
        .patch_metadata("shop", &parameters, &Patch::Merge(consent))
        .await
        .unwrap();
    scene.ready("shop").await;
    assert_eq!(kept().await, "2");
}
