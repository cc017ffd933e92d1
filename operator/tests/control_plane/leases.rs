//! Processes of one installation, of which one works. Here they differ in a setting, so that two working processes
//! would be noticed: each would delete the `RoleBinding` of the other, since its role cannot change.

use crate::{
    operators::Operator,
    scene::{Scene, until},
};
use ecommercestack_operator::kube::lease::DURATION;
use k8s_openapi::api::{coordination::v1::Lease, core::v1::Service, rbac::v1::RoleBinding};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const BINDING: &str = "shop-postgres";

/// A process of the scene's installation that binds databases to its own role.
async fn process(scene: &Scene, role: &str, more: &[&str]) -> Operator {
    let namespace = scene.namespace.as_str();
    let of_installation = ["--namespace", namespace, "--lease-namespace", namespace];
    let arguments = [&of_installation[..], &["--postgres-role", role], more].concat();
    Operator::start(&arguments).await
}

async fn binding(scene: &Scene) -> RoleBinding {
    let bindings = scene.api::<RoleBinding>();
    until("the RoleBinding is there", async || {
        bindings.get(BINDING).await
    })
    .await
}

async fn is_bound_to(scene: &Scene, role: &str) {
    until(role, async || {
        let found = scene.api::<RoleBinding>().get(BINDING).await;
        match found.map(|binding| binding.role_ref.name) {
            Ok(name) if name == role => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

async fn holder(scene: &Scene) -> String {
    let lease = scene.api::<Lease>().get("ecommercestack-operator").await;
    let spec = lease.unwrap().spec.unwrap();
    spec.holder_identity.unwrap_or_default()
}

#[tokio::test]
async fn one_process_works_and_the_next_goes_on_when_it_stops() {
    let scene = Scene::empty("processes").await;
    let first = process(&scene, "one", &["--pod-name", "first"]).await;
    scene.apply("shop", json!({})).await;
    is_bound_to(&scene, "one").await;
    let uid = binding(&scene).await.uid();
    let second = process(&scene, "two", &["--pod-name", "second"]).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        assert_eq!(binding(&scene).await.uid(), uid);
        sleep(Duration::from_millis(100)).await;
    }
    assert!(holder(&scene).await.starts_with("first_"));
    assert_eq!(second.writes(), 0);

    first.stop().await;
    assert_eq!(holder(&scene).await, "");
    let stopped = Instant::now();
    is_bound_to(&scene, "two").await;
    assert!(stopped.elapsed() < DURATION, "{:?}", stopped.elapsed());
}

#[tokio::test]
async fn after_a_process_that_was_killed_the_next_waits_until_its_lease_has_run_out() {
    let scene = Scene::empty("killed").await;
    let first = process(&scene, "one", &["--pod-name", "first"]).await;
    scene.apply("shop", json!({})).await;
    is_bound_to(&scene, "one").await;
    let second = process(&scene, "two", &["--pod-name", "second"]).await;
    // The second process has seen a renewal by then.
    sleep(Duration::from_secs(8)).await;
    first.kill().await;
    let killed = Instant::now();
    sleep(Duration::from_secs(7)).await;
    assert_eq!(second.writes(), 0, "a holder that is cut off may work on");
    is_bound_to(&scene, "two").await;
    let longest = DURATION * 2;
    assert!(killed.elapsed() < longest, "{:?}", killed.elapsed());
}

/// The kubelet starts a container again only after the one before has ended.
#[tokio::test]
async fn a_container_that_starts_again_does_not_wait_for_itself() {
    let scene = Scene::empty("again").await;
    let first = process(&scene, "one", &["--pod-name", "first"]).await;
    scene.apply("shop", json!({})).await;
    is_bound_to(&scene, "one").await;
    first.kill().await;
    let killed = Instant::now();
    let _again = process(&scene, "two", &["--pod-name", "first"]).await;
    is_bound_to(&scene, "two").await;
    assert!(
        killed.elapsed() < Duration::from_secs(9),
        "{:?}",
        killed.elapsed()
    );
}

#[tokio::test]
async fn a_process_that_loses_its_lease_ends() {
    let scene = Scene::empty("lost").await;
    let process = process(&scene, "one", &[]).await;
    scene.apply("shop", json!({})).await;
    is_bound_to(&scene, "one").await;
    let thief = json!({ "spec": { "holderIdentity": "thief" } });
    let leases = scene.api::<Lease>();
    leases
        .patch(
            "ecommercestack-operator",
            &PatchParams::default(),
            &Patch::Merge(thief),
        )
        .await
        .unwrap();
    let said = process.ends().await;
    assert_eq!(said, "another process holds the Lease: thief");
    let services = scene.api::<Service>();
    let deleted = services.delete("shop-auth", &DeleteParams::default()).await;
    deleted.unwrap();
    sleep(Duration::from_secs(5)).await;
    assert!(services.get_opt("shop-auth").await.unwrap().is_none());
}

#[tokio::test]
async fn a_process_that_cannot_renew_its_lease_ends_before_another_may_begin() {
    let scene = Scene::empty("cut").await;
    let process = process(&scene, "one", &[]).await;
    scene.apply("shop", json!({})).await;
    is_bound_to(&scene, "one").await;
    process.cut_from_its_lease();
    let cut = Instant::now();
    let said = process.ends().await;
    assert!(cut.elapsed() < DURATION, "{:?}", cut.elapsed());
    assert_eq!(said, "the Lease could not be renewed for 10 seconds");
}
