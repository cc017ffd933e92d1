//! What tests of payments share: orders that are paid at the mock, and the way to each state of a payment.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::{Value, json};

use super::shop::{Answer, Person, Shop, order_of};

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

/// A payment by this method, driven as far as it goes; the order and the payment.
pub async fn pay(shop: &Shop, customer: &Person, method: &str) -> (Answer, Value) {
    let order = place(shop, customer, Some(method)).await;
    settle(shop).await;
    let payment = payment_of(shop, customer, &order).await;
    (order, payment)
}

/// An order whose money is set aside until an admin has it captured; the payment.
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

/// Drives sagas until each has ended or waits for somebody; on a busy machine a call may have to be tried again.
pub async fn settle(shop: &Shop) {
    let busy = "sagas WHERE finished_at IS NULL AND step <> 'wait'";
    let driving = async {
        shop.drive_out().await;
        while shop.count(busy).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            shop.drive_on().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), driving)
        .await
        .unwrap();
}
