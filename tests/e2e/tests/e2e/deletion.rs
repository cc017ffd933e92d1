//! The objects that are kept and removed when a stack, or its whole namespace, is deleted.

use e2e::{
    Namespace, Stack,
    wait::{self, seconds},
};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::Job,
        core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret, Service},
        networking::v1::Ingress,
    },
};
use kube::{ResourceExt as _, api::ListParams};
use serde_json::json;

use crate::stacks::own;

/// The names of a namespace's objects of a kind, without those that Kubernetes itself creates.
async fn names<K>(namespace: &Namespace) -> Vec<String>
where
    K: kube::Resource<Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
    K::DynamicType: Default,
{
    let found = namespace
        .api::<K>()
        .list(&ListParams::default())
        .await
        .unwrap();
    let names = found.iter().map(|object| {
        format!(
            "{}/{}",
            K::kind(&K::DynamicType::default()),
            object.name_any()
        )
    });
    names
        .filter(|name| name != "ConfigMap/kube-root-ca.crt")
        .collect()
}

async fn workloads(namespace: &Namespace) -> Vec<String> {
    [
        names::<Deployment>(namespace).await,
        names::<StatefulSet>(namespace).await,
        names::<Job>(namespace).await,
        names::<Pod>(namespace).await,
        names::<Service>(namespace).await,
        names::<Ingress>(namespace).await,
    ]
    .concat()
}

async fn data(namespace: &Namespace) -> Vec<String> {
    let volumes = names::<PersistentVolumeClaim>(namespace).await;
    [
        volumes,
        names::<Secret>(namespace).await,
        names::<ConfigMap>(namespace).await,
    ]
    .concat()
}

async fn until_none(what: &str, limit: u64, objects: impl AsyncFn() -> Vec<String>) {
    let gone = wait::until(what, seconds(limit), async || {
        let left = objects().await;
        anyhow::ensure!(left.is_empty(), "{}", left.join(" "));
        Ok(())
    });
    gone.await.unwrap();
}

/// Deletes the stack and waits until all of its workloads are gone.
async fn delete(namespace: &Namespace, stack: &Stack) {
    stack.delete().await.unwrap();
    let workloads = async || workloads(namespace).await;
    until_none("all workloads of the stack are gone", 90, workloads).await;
}

#[tokio::test]
async fn a_deleted_stack_keeps_or_removes_its_data_according_to_its_policy() {
    let namespace = own("deletion").await;
    let stack = namespace.stack("shop");
    let shop = stack.shop().unwrap();

    // Retain is the default: the next stack of that name uses the data again.
    stack.apply(&json!({})).await.unwrap();
    stack.serving().await.unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let product = vendor.sells("Salt cellar", "7.00", 10).await.unwrap();
    let order = customer.orders(&product.sku, 4).await.unwrap();
    delete(&namespace, &stack).await;
    let kept = data(&namespace).await;
    assert!(
        kept.iter()
            .any(|name| name.starts_with("PersistentVolumeClaim/")),
        "{kept:?}"
    );
    assert!(kept.contains(&"Secret/shop-admin".to_owned()), "{kept:?}");

    stack.apply(&json!({})).await.unwrap();
    stack.serving().await.unwrap();
    // Even the token is still valid, since the signing key is the old one.
    let path = format!("/api/v1/orders/{}", order["id"].as_str().unwrap());
    let found = customer
        .get(&path)
        .await
        .unwrap()
        .expect(200)
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(found["totals"], order["totals"]);
    assert_eq!(customer.available(&product).await.unwrap(), 6);
    customer.orders(&product.sku, 1).await.unwrap();

    // Delete removes volumes and credentials, and the next stack starts without data.
    stack
        .apply(&json!({ "deletionPolicy": "Delete" }))
        .await
        .unwrap();
    stack.serving().await.unwrap();
    delete(&namespace, &stack).await;
    let volumes_and_credentials = async || data(&namespace).await;
    until_none(
        "volumes and credentials are gone",
        60,
        volumes_and_credentials,
    )
    .await;

    stack
        .apply(&json!({ "deletionPolicy": "Delete" }))
        .await
        .unwrap();
    stack.serving().await.unwrap();
    let again = shop.login_again(&vendor).await;
    assert!(
        again.is_err_and(|error| error.to_string().contains("401")),
        "the old vendor still exists"
    );
    shop.register("customer").await.unwrap();

    // A namespace can be deleted with a running stack in it.
    namespace.delete().await.unwrap();
    namespace.gone_within(60).await.unwrap();
}

#[tokio::test]
async fn the_policy_applied_right_before_the_deletion_decides() {
    let namespace = own("late").await;
    let stack = namespace.stack("shop");
    stack
        .apply(&json!({ "deletionPolicy": "Delete" }))
        .await
        .unwrap();
    stack.ready().await.unwrap();
    let before = data(&namespace).await;
    stack
        .apply(&json!({ "deletionPolicy": "Retain" }))
        .await
        .unwrap();
    delete(&namespace, &stack).await;
    // With the bug that this covers, the data were gone after 8 seconds.
    tokio::time::sleep(seconds(12)).await;
    let kept = data(&namespace).await;
    for name in before.iter().filter(|name| !name.starts_with("ConfigMap/")) {
        assert!(kept.contains(name), "{name} is gone");
    }

    // The next stack uses the data, and the policy that was applied last decides again.
    stack.apply(&json!({})).await.unwrap();
    stack.ready().await.unwrap();
    stack
        .apply(&json!({ "deletionPolicy": "Delete" }))
        .await
        .unwrap();
    delete(&namespace, &stack).await;
    until_none("nothing is left", 90, async || data(&namespace).await).await;
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn stacks_deleted_soon_after_their_apply_leave_no_objects() {
    let namespace = own("soon").await;
    for round in 0..9_u64 {
        let stack = namespace.stack(&format!("shop{round}"));
        let changes = json!({ "deletionPolicy": "Delete", "ingress": null });
        stack.apply(&changes).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(700 * round)).await;
        stack.delete().await.unwrap();
    }
    let all = async || [workloads(&namespace).await, data(&namespace).await].concat();
    until_none("nothing is left", 120, all).await;
    tokio::time::sleep(seconds(5)).await;
    assert_eq!(data(&namespace).await, Vec::<String>::new());
    namespace.delete().await.unwrap();
}
