//! The number of replicas is the one in the spec.

use e2e::{
    Stack,
    kubectl::kubectl,
    wait::{self, seconds},
};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::json;

use crate::stacks::rough;

/// Waits until the Deployment specifies and has this number of ready pods.
async fn has_pods(stack: &Stack, suffix: &str, pods: i32) {
    let name = stack.object(suffix);
    let api = stack.cluster.namespaced::<Deployment>(&stack.namespace);
    let what = format!("Deployment {name} has {pods} pods");
    let found = wait::until(what, seconds(90), async || {
        let found = api.get(&name).await?;
        let (wanted, status) = (
            found.spec.replicas.unwrap_or(1),
            found.status.unwrap_or_default(),
        );
        let counts = (
            wanted,
            status.replicas.unwrap_or(0),
            status.ready_replicas.unwrap_or(0),
        );
        anyhow::ensure!(
            counts == (pods, pods, pods),
            "specified, existing, ready: {counts:?}"
        );
        Ok(())
    });
    found.await.unwrap();
}

#[tokio::test]
async fn the_spec_scales_a_component_up_and_down() {
    let rough = rough().await;
    rough
        .stack
        .apply(
            &json!({ "components": { "product": { "replicas": 2 }, "worker": { "replicas": 2 } } }),
        )
        .await
        .unwrap();
    has_pods(&rough.stack, "product", 2).await;
    has_pods(&rough.stack, "order-worker", 2).await;
    let status = rough
        .stack
        .ready()
        .await
        .unwrap()
        .status
        .unwrap()
        .components
        .unwrap();
    assert_eq!(status.product.unwrap().ready_replicas, 2);

    rough
        .stack
        .apply(&json!({ "components": { "product": { "replicas": 0 } } }))
        .await
        .unwrap();
    has_pods(&rough.stack, "product", 0).await;
    has_pods(&rough.stack, "order-worker", 1).await;

    rough.stack.apply(&json!({})).await.unwrap();
    has_pods(&rough.stack, "product", 1).await;
    rough.stack.ready().await.unwrap();
}

#[tokio::test]
async fn kubectl_scale_is_reverted() {
    let rough = rough().await;
    for replicas in ["3", "0"] {
        let replicas = format!("--replicas={replicas}");
        let arguments = [
            "-n",
            &rough.namespace.name,
            "scale",
            "deployment/rough-order",
            &replicas,
        ];
        kubectl(arguments).await.unwrap().ok().unwrap();
        has_pods(&rough.stack, "order", 1).await;
    }
}

#[tokio::test]
async fn an_autoscaler_decides_while_the_spec_has_one() {
    let rough = rough().await;
    let scaling = json!({ "min": 2, "max": 3, "targetCPU": 90 });
    rough
        .stack
        .apply(&json!({ "components": { "product": { "autoscaling": scaling } } }))
        .await
        .unwrap();
    has_pods(&rough.stack, "product", 2).await;
    rough.stack.ready().await.unwrap();
    rough.stack.apply(&json!({})).await.unwrap();
    has_pods(&rough.stack, "product", 1).await;
    rough.stack.ready().await.unwrap();
}
