//! What tests of payments share: orders that are paid at the mock, and how to reach each state of a payment.

use axum::{
    body::Body,
    http::{Method, Request},
};
use db::testing::eventually;
use order::payments::providers::PaymentSettings;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::shop::{Answer, Person, Shop, at_the_mock, order_of};

/// A shop whose provider has late results.
pub async fn with_late_results(pool: PgPool) -> Shop {
    Shop::paid(pool, &late_results()).await
}

/// Late results arrive when the test calls [`results_arrive`].
pub fn late_results() -> PaymentSettings {
    let mut settings = at_the_mock();
    settings.mock.mock_late_ms = 3_600_000;
    settings
}

/// All late results of the provider arrive now, and its webhooks about them are due.
pub async fn results_arrive(shop: &Shop) {
    for statement in [
        "UPDATE mock_provider_operations SET result_at = now() WHERE result_at > now()",
        "UPDATE mock_provider_webhooks SET due_at = now() WHERE due_at > now()",
    ] {
        shop.execute(statement).await;
    }
}

/// An order of one mug, 9.99, paid by this method; without one it waits for a payment.
pub async fn place(shop: &Shop, customer: &Person, method: Option<&str>) -> Answer {
    let mut body = order_of(&[("MUG-1", 1)]);
    if let Some(method) = method {
        body["payment_method"] = method.into();
    }
    let key = format!("{method:?}-{}", shop.count("orders").await);
    let placed = shop
        .place(customer, &key.replace(['"', ' '], ""), &body)
        .await;
    assert_eq!(placed.status, 201, "{placed:?}");
    placed
}

/// The one payment of an order.
pub async fn payment_of(shop: &Shop, customer: &Person, order: &Answer) -> Value {
    let path = format!("/api/v1/payments?order={}", order.id());
    let list = shop.get(customer, &path).await;
    assert_eq!(list.status, 200, "{list:?}");
    list.body["data"][0].clone()
}

/// A payment by this method, driven until its saga ends or waits; the order and the payment.
pub async fn pay(shop: &Shop, customer: &Person, method: &str) -> (Answer, Value) {
    let order = place(shop, customer, Some(method)).await;
    settle(shop).await;
    let payment = payment_of(shop, customer, &order).await;
    (order, payment)
}

/// The authorized payment of an order that an admin has to capture.
pub async fn authorised(shop: &Shop, customer: &Person) -> Value {
    let order = place(shop, customer, None).await;
    let body = json!({ "order_id": order.id(), "payment_method": "mock_ok", "capture": "manual" });
    let started = send(shop, &shop.admin(), "/payments", Some("manual"), &body).await;
    assert_eq!(started.status, 201, "{started:?}");
    settle(shop).await;
    let path = format!("/api/v1/payments/{}", started.id());
    let payment = shop.get(customer, &path).await;
    assert_eq!(payment.body["status"], "authorized", "{payment:?}");
    payment.body
}

/// POSTs to a path below `/api/v1`.
pub async fn send(
    shop: &Shop,
    person: &Person,
    path: &str,
    key: Option<&str>,
    body: &Value,
) -> Answer {
    call(shop, Method::POST, person, path, key, body).await
}

pub async fn call(
    shop: &Shop,
    method: Method,
    person: &Person,
    path: &str,
    key: Option<&str>,
    body: &Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {}", person.token));
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        request = request.header("content-type", "application/json");
        Body::from(body.to_string())
    };
    shop.send(request.body(body).unwrap()).await
}

/// Drives sagas until each has ended or waits for a payment; on a busy machine a call may have to be retried.
pub async fn settle(shop: &Shop) {
    let busy = "sagas WHERE finished_at IS NULL AND step <> 'wait'";
    shop.drive_out().await;
    eventually("no saga is busy", async || {
        let ended = shop.count(busy).await == 0;
        if !ended {
            shop.drive_on().await;
        }
        ended
    })
    .await;
}
