//! A shop with payments: the sample with the mock provider, from order to refund through the ingress.

use anyhow::{Context as _, Result, ensure};
use e2e::{
    Answer, Person,
    cluster::unique,
    shop::order_of,
    wait::{self, seconds},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{samples::apply, stacks::own};

/// Sends a write with a new idempotency key.
async fn posts(person: &Person, path: &str, body: &Value) -> Result<Answer> {
    let request = person
        .request(Method::POST, path)
        .header("Idempotency-Key", unique("key"));
    Answer::of(request.json(body)).await
}

/// Waits until a field of a resource has this value, and returns the resource.
async fn becomes(person: &Person, path: &str, field: &str, value: &str) -> Result<Value> {
    wait::until(
        format!("{path} has {field} {value}"),
        seconds(30),
        async || {
            let body = person.get(path).await?.expect(200)?.json()?;
            ensure!(body[field] == value, "it is {}", body[field]);
            Ok(body)
        },
    )
    .await
}

async fn orders_and_pays(customer: &Person, sku: &str, method: &str) -> Result<String> {
    let mut body = order_of(sku, 2);
    body["payment_method"] = json!(method);
    let answer = posts(customer, "/api/v1/orders", &body)
        .await?
        .expect(201)?;
    let id = answer.json()?["id"].as_str().context("no id")?.to_owned();
    Ok(format!("/api/v1/orders/{id}"))
}

#[tokio::test]
async fn orders_wait_for_their_payment_and_are_refunded_when_cancelled() {
    let namespace = own("payments").await;
    let stack = apply(&namespace, "mock-payments.yaml").await;
    stack.serving().await.unwrap();
    let shop = stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let product = vendor.sells("Moka pot", "30.00", 9).await.unwrap();

    // The first order is paid at once.
    let paid = orders_and_pays(&customer, &product.sku, "mock_ok")
        .await
        .unwrap();
    becomes(&customer, &paid, "payment_status", "paid")
        .await
        .unwrap();
    becomes(&customer, &paid, "status", "confirmed")
        .await
        .unwrap();

    // The next payment is refused, and another method is used; the units are held meanwhile.
    let refused = orders_and_pays(&customer, &product.sku, "mock_declined")
        .await
        .unwrap();
    let order = becomes(&customer, &refused, "payment_status", "failed")
        .await
        .unwrap();
    assert_eq!(order["status"], "pending");
    assert_eq!(customer.available(&product).await.unwrap(), 5);
    let again = json!({ "order_id": order["id"], "payment_method": "mock_late" });
    posts(&customer, "/api/v1/payments", &again)
        .await
        .unwrap()
        .expect(201)
        .unwrap();
    // The result comes by the provider's webhook, signed with the stack's own secret, or by the lookup after it.
    becomes(&customer, &refused, "payment_status", "paid")
        .await
        .unwrap();

    // The response to a charge is lost: the charge is looked up, and the provider charges nothing twice.
    let unknown = orders_and_pays(&customer, &product.sku, "mock_unknown")
        .await
        .unwrap();
    becomes(&customer, &unknown, "payment_status", "paid")
        .await
        .unwrap();

    // A cancellation returns the units and the money.
    posts(&customer, &format!("{paid}/cancel"), &json!({}))
        .await
        .unwrap()
        .expect(202)
        .unwrap();
    let order = becomes(&customer, &paid, "status", "cancelled")
        .await
        .unwrap();
    assert_eq!(order["cancel_reason"], "requested");
    becomes(&customer, &paid, "payment_status", "refunded")
        .await
        .unwrap();
    assert_eq!(customer.available(&product).await.unwrap(), 5);

    namespace.delete().await.unwrap();
}
