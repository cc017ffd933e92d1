//! Replicas belong to the spec, or to an autoscaler, never to both.

use crate::scene::{Scene, until};
use ecommercestack_crds::ConditionType::Degraded;
use k8s_openapi::api::{
    apps::v1::Deployment, autoscaling::v2::HorizontalPodAutoscaler, policy::v1::PodDisruptionBudget,
};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

async fn scale(scene: &Scene, replicas: i32) {
    let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
    let deployments = scene.api::<Deployment>();
    deployments
        .patch_scale("shop-product", &PatchParams::default(), &patch)
        .await
        .unwrap();
}

async fn has(scene: &Scene, replicas: i32) {
    until(&format!("product has {replicas} pods"), async || {
        let product = scene.api::<Deployment>().get("shop-product").await;
        let product = product.map_err(|error| error.to_string())?;
        let found = (
            product.spec.replicas,
            product.status.and_then(|status| status.available_replicas),
        );
        if found == (Some(replicas), Some(replicas)) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    })
    .await;
}

/// Checks for four seconds: an operator that reverts an autoscaler does so within one.
async fn stays(scene: &Scene, replicas: i32) {
    for _ in 0..40 {
        sleep(Duration::from_millis(100)).await;
        let product = scene.api::<Deployment>().get("shop-product").await.unwrap();
        assert_eq!(product.spec.replicas, Some(replicas));
    }
}

#[tokio::test]
async fn replicas_are_left_to_the_autoscaler_that_the_spec_asks_for() {
    let scene = Scene::new("autoscaled").await;
    let scaling = |min: i32, max: i32| json!({ "components": { "product": { "autoscaling": { "min": min, "max": max, "targetCPU": 70 } } } });
    scene.apply("shop", scaling(2, 5)).await;
    // The controller scales it to the minimum, without any metrics.
    has(&scene, 2).await;
    let autoscaler = scene
        .api::<HorizontalPodAutoscaler>()
        .get("shop-product")
        .await
        .unwrap();
    assert_eq!(
        (autoscaler.spec.min_replicas, autoscaler.spec.max_replicas),
        (Some(2), 5)
    );
    assert!(
        scene
            .names::<PodDisruptionBudget>()
            .await
            .contains(&"shop-product".to_owned())
    );
    scene.ready("shop").await;
    scale(&scene, 4).await;
    has(&scene, 4).await;
    stays(&scene, 4).await;
    let status = scene.stacks().get("shop").await.unwrap().status.unwrap();
    assert_eq!(status.components.unwrap().product.unwrap().replicas, 4);

    scene.apply("shop", json!({})).await;
    has(&scene, 1).await;
    assert!(scene.names::<HorizontalPodAutoscaler>().await.is_empty());
    scene.ready("shop").await;
}

#[tokio::test]
async fn replicas_are_left_to_an_autoscaler_of_another_owner() {
    let scene = Scene::new("foreign-autoscaler").await;
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let autoscaler = json!({
        "metadata": { "name": "theirs" },
        "spec": { "minReplicas": 2, "maxReplicas": 3, "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-product" } },
    });
    let autoscaler: HorizontalPodAutoscaler = serde_json::from_value(autoscaler).unwrap();
    let autoscalers = scene.api::<HorizontalPodAutoscaler>();
    autoscalers
        .create(&PostParams::default(), &autoscaler)
        .await
        .unwrap();
    has(&scene, 2).await;
    stays(&scene, 2).await;
    scene.ready("shop").await;
    // The database needs connections for the largest number of replicas.
    let patch = Patch::Merge(json!({ "spec": { "maxReplicas": 40 } }));
    autoscalers
        .patch("theirs", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let found = scene
        .reports("shop", Degraded, "True", "TooManyConnections")
        .await;
    assert!(
        found.message.contains("376 database connections"),
        "{}",
        found.message
    );
    autoscalers
        .delete("theirs", &DeleteParams::default())
        .await
        .unwrap();
    has(&scene, 1).await;
}
