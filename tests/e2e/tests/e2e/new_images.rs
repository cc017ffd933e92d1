//! A release that cannot run: the old pods continue to serve, the status gives the reason, and a corrected spec resolves it.

use e2e::{Person, Stack, environment, kubectl::kubectl, shop::Product, wait};
use ecommercestack_crds::{ConditionType, Reason};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use serde_json::json;

use crate::stacks::rough;

struct Traders {
    customer: Person,
    product: Product,
}

async fn traders(stack: &Stack) -> Traders {
    let shop = stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let product = vendor.sells("Butter dish", "18.00", 500).await.unwrap();
    Traders {
        customer: shop.register("customer").await.unwrap(),
        product,
    }
}

/// The shop sells while the release is stuck, with the previous pods.
async fn keeps_selling(stack: &Stack, traders: &Traders, before: &[Pod]) {
    let selling = wait::throughout(wait::seconds(5), async || {
        traders
            .customer
            .orders(&traders.product.sku, 1)
            .await
            .map(drop)
    });
    selling.await.unwrap();
    let names = |pods: &[Pod]| pods.iter().map(Pod::uid).collect::<Vec<_>>();
    let now = stack.pods("product").await.unwrap();
    assert_eq!(
        names(&now),
        names(before),
        "the serving pods are not the previous ones"
    );
}

/// The conditions and `kubectl describe` name the reason and this detail.
async fn says_why(stack: &Stack, reason: Reason, detail: &str) {
    let found = stack
        .reports(ConditionType::ProductReady, "False", reason, 120)
        .await
        .unwrap();
    assert!(
        found.message.contains(detail),
        "expected {detail:?} in {:?}",
        found.message
    );
    stack
        .reports(ConditionType::Ready, "False", reason, 20)
        .await
        .unwrap();
    let available = stack.get().await.unwrap();
    let available = e2e::stack::condition(&available, ConditionType::Available).unwrap();
    assert_eq!(available.status, "True", "{available:?}");
    let degraded = stack.get().await.unwrap();
    let degraded = e2e::stack::condition(&degraded, ConditionType::Degraded).unwrap();
    assert_eq!(degraded.status, "True", "{degraded:?}");
    let described = kubectl(["-n", &stack.namespace, "describe", "estack", &stack.name])
        .await
        .unwrap()
        .ok()
        .unwrap();
    assert!(
        described.contains(reason.into_str()) && described.contains(detail),
        "{described}"
    );
}

/// Applies a release with this image of product, which cannot run, and then one that can.
async fn is_stuck(image: &str, reason: Reason, detail: &str) {
    let rough = rough().await;
    let (traders, before) = (
        traders(&rough.stack).await,
        rough.stack.pods("product").await.unwrap(),
    );
    rough
        .stack
        .apply(&json!({ "components": { "product": { "image": image } } }))
        .await
        .unwrap();

    says_why(&rough.stack, reason, detail).await;
    keeps_selling(&rough.stack, &traders, &before).await;

    rough.stack.apply(&json!({})).await.unwrap();
    rough.stack.ready().await.unwrap();
    keeps_selling(&rough.stack, &traders, &before).await;
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_leaves_the_old_pods_serving() {
    let image = "docker.io/ecommercestack/product:does-not-exist";
    is_stuck(image, Reason::ImageUnavailable, image).await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_old_pods_serving() {
    // The migrations of another service cannot be applied to this service's database.
    let image = format!("docker.io/ecommercestack/auth:{}", environment::version());
    is_stuck(&image, Reason::MigrationFailed, "migration").await;
}

#[tokio::test]
async fn an_unused_release_of_a_scaled_component_still_scales() {
    let rough = rough().await;
    let image = "docker.io/ecommercestack/product:does-not-exist";
    rough
        .stack
        .apply(&json!({ "components": { "product": { "image": image, "replicas": 2 } } }))
        .await
        .unwrap();
    rough
        .stack
        .reports(
            ConditionType::ProductReady,
            "False",
            Reason::ImageUnavailable,
            120,
        )
        .await
        .unwrap();
    // The closed gate holds back only the image.
    let what = "two pods of the old image are ready";
    let two = wait::until(what, wait::seconds(60), async || {
        let status = rough
            .stack
            .get()
            .await?
            .status
            .and_then(|status| status.components)
            .and_then(|all| all.product);
        let ready = status.map_or(0, |product| product.ready_replicas);
        anyhow::ensure!(ready == 2, "{ready} are ready");
        Ok(())
    });
    two.await.unwrap();
    rough.stack.apply(&json!({})).await.unwrap();
    rough.stack.ready().await.unwrap();
}
