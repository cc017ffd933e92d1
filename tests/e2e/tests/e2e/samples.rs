//! The samples for new users, applied unchanged except for the version and the host.

use std::{fs, path::Path};

use e2e::{Namespace, Stack, environment, kubectl::kubectl_with_input, shop::order_of};
use ecommercestack_crds::EcommerceStack;
use reqwest::Method;
use serde_json::json;

use crate::stacks::own;

pub async fn apply(namespace: &Namespace, file: &str) -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../manifests/samples")
        .join(file);
    let text = fs::read_to_string(&path).unwrap();
    let version = text
        .lines()
        .find(|line| line.trim_start().starts_with("version:"))
        .unwrap();
    let text = text.replace(version, &format!("  version: {}", environment::version()));
    // Other stacks share the ingress.
    let text = text.replace("shop.localhost", &namespace.stack("shop").host());
    kubectl_with_input(["-n", &namespace.name, "apply", "-f", "-"], &text)
        .await
        .unwrap()
        .ok()
        .unwrap();
    namespace.stack("shop")
}

#[tokio::test]
async fn the_smallest_sample_becomes_ready() {
    let namespace = own("minimal").await;
    let stack = apply(&namespace, "minimal.yaml").await;
    stack.ready().await.unwrap();
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn the_sample_of_two_replicas_sells_in_its_currency_by_its_rules() {
    let namespace = own("two").await;
    let stack = apply(&namespace, "two-replicas.yaml").await;
    let EcommerceStack { status, .. } = stack.serving().await.unwrap();
    let components = status.unwrap().components.unwrap();
    for component in [
        components.auth,
        components.product,
        components.order,
        components.worker,
    ] {
        assert_eq!(component.unwrap().ready_replicas, 2);
    }
    let shop = stack.shop().unwrap();

    // vendorSignup: closed
    let body = json!({ "email": "v@example.com", "password": "long enough", "full_name": "V", "role": "vendor" });
    let refused = shop.post("/api/v1/auth/register", &body).await.unwrap();
    assert_eq!(
        (refused.status, refused.problem_code().unwrap().as_str()),
        (403, "forbidden")
    );

    // currency: EUR
    let administrator = stack.administrator().await.unwrap();
    let product = administrator.sells("Cafetière", "49.90", 3).await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let order = customer.orders(&product.sku, 1).await.unwrap();
    let total = &order["totals"]["total"];
    assert_eq!(
        (&total["currency"], &total["minor"]),
        (&json!("EUR"), &json!(4990))
    );

    // legacyAliases: true
    let product = shop
        .get(&format!("/products/{}", product.id))
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    let sku = product.json().unwrap()["sku"].as_str().unwrap().to_owned();
    let request = customer
        .request(Method::POST, "/orders")
        .header("Idempotency-Key", "short");
    let answer = e2e::Answer::of(request.json(&order_of(&sku, 1)))
        .await
        .unwrap()
        .expect(201)
        .unwrap();
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("/api/v1/orders/"), "{location}");
    namespace.delete().await.unwrap();
}
