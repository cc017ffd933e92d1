//! `POST /payments`.

use std::sync::Arc;

use access::Role;
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{pay, place, send, settle},
    shop::{Answer, Person, Shop},
};

fn body(order: &Answer) -> Value {
    json!({ "order_id": order.id(), "payment_method": "mock_ok" })
}

async fn start(shop: &Shop, person: &Person, key: &str, body: &Value) -> Answer {
    send(shop, person, "/payments", Some(key), body).await
}

#[sqlx::test]
async fn an_order_that_waits_is_paid(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    settle(&shop).await;
    assert_eq!(
        shop.get(&customer, &format!("/api/v1/orders/{}", order.id()))
            .await
            .body["status"],
        "pending",
        "it waits"
    );
    let started = start(&shop, &customer, "a", &body(&order)).await;
    assert_eq!(started.status, 201, "{started:?}");
    let zero = json!({ "amount": "0.00", "minor": 0, "currency": "USD" });
    assert_eq!(
        started.body,
        json!({
            "id": started.id(), "order_id": order.id(), "user_id": format!("usr_{}", customer.id), "provider": "mock",
            "payment_method": "mock_ok", "capture": "automatic", "status": "pending",
            "amount": { "amount": "9.99", "minor": 999, "currency": "USD" },
            "authorized": zero, "captured": zero, "refund_pending": zero, "refunded": zero,
            "created_at": started.body["created_at"], "updated_at": started.body["created_at"],
        })
    );
    let path = format!("/api/v1/payments/{}", started.id());
    assert_eq!(started.headers["location"], path);
    assert!(started.headers.contains_key("etag"));
    settle(&shop).await;
    assert_eq!(shop.get(&customer, &path).await.body["status"], "captured");
    let order = shop
        .get(&customer, &format!("/api/v1/orders/{}", order.id()))
        .await;
    assert_eq!(
        (&order.body["status"], &order.body["payment_status"]),
        (&json!("confirmed"), &json!("paid"))
    );
}

#[sqlx::test]
async fn a_repeated_request_answers_with_the_same_payment(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    let first = start(&shop, &customer, "a", &body(&order)).await;
    assert!(!first.replayed());
    settle(&shop).await;
    let again = start(&shop, &customer, "a", &body(&order)).await;
    assert_eq!(
        (again.status.as_u16(), again.replayed(), again.id()),
        (201, true, first.id())
    );
    assert_eq!(again.body["status"], "captured", "as it is now");
    let mut other = body(&order);
    other["payment_method"] = "mock_late".into();
    let reused = start(&shop, &customer, "a", &other).await;
    assert_eq!(reused.refusal(), (422, "idempotency_key_reused"));
    assert_eq!(shop.count("payments").await, 1);
    assert_eq!(shop.count("mock_provider_ledger").await, 1);
}

#[sqlx::test]
async fn an_order_has_one_payment_at_a_time(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let waiting = place(&shop, &customer, None).await;
    start(&shop, &customer, "a", &body(&waiting)).await;
    let second = start(&shop, &customer, "b", &body(&waiting)).await;
    assert_eq!(second.refusal(), (409, "payment_exists"));
    let (paid, _) = pay(&shop, &customer, "mock_ok").await;
    let again = start(&shop, &customer, "c", &body(&paid)).await;
    assert_eq!(again.status, 409, "{again:?}");
    settle(&shop).await;
    assert_eq!(shop.count("mock_provider_ledger").await, 2);
}

/// Ten browsers at once: each with its own key, and then all with the same.
#[sqlx::test]
async fn many_at_once_start_one_payment(pool: PgPool) {
    let shop = Arc::new(Shop::with_payments(pool).await);
    let customer = shop.customer();
    for same in [false, true] {
        let order = place(&shop, &customer, None).await;
        let tries: Vec<_> = (0..10)
            .map(|index| {
                let (shop, customer, body) = (shop.clone(), customer.clone(), body(&order));
                let key = if same {
                    "same".to_owned()
                } else {
                    index.to_string()
                };
                tokio::spawn(async move { start(&shop, &customer, &key, &body).await })
            })
            .collect();
        let (mut fresh, mut seen) = (0, Vec::new());
        for answer in tries {
            let answer = answer.await.unwrap();
            seen.push((answer.status.as_u16(), answer.replayed()));
            match answer.status.as_u16() {
                201 if answer.replayed() => assert!(same, "{answer:?}"),
                201 => fresh += 1,
                409 => assert!(!same, "{answer:?}"),
                // The lock timed out; the client repeats the request.
                503 => {}
                _ => panic!("{answer:?}"),
            }
        }
        assert_eq!(fresh, 1, "same key: {same}, {seen:?}");
    }
    assert_eq!(shop.count("payments").await, 2);
    settle(&shop).await;
    assert_eq!(shop.count("mock_provider_ledger").await, 2);
}

#[sqlx::test]
async fn who_may_pay_what(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let order = place(&shop, &customer, None).await;
    let foreign = start(&shop, &stranger, "a", &body(&order)).await;
    assert_eq!(foreign.refusal(), (404, "not_found"));
    let vendor = shop.person(&[Role::Vendor]);
    let refused = start(&shop, &vendor, "a", &body(&order)).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    let mut manual = body(&order);
    manual["capture"] = "manual".into();
    let refused = start(&shop, &customer, "a", &manual).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    let by_admin = start(&shop, &shop.admin(), "a", &body(&order)).await;
    assert_eq!(by_admin.status, 201, "{by_admin:?}");
    assert_eq!(by_admin.body["user_id"], format!("usr_{}", customer.id));
}

#[sqlx::test]
async fn what_breaks_a_rule_is_refused_and_starts_nothing(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    let good = body(&order);
    let no_key = send(&shop.strict(), &customer, "/payments", None, &good).await;
    assert_eq!(no_key.refusal(), (400, "idempotency_key_required"));
    for (field, value) in [
        ("payment_method", json!("card")),
        ("payment_method", json!("Mock OK")),
        ("payment_method", json!(1)),
        (
            "order_id",
            json!("pay_01932c5e-7d2a-7c3e-9f00-0242ac120002"),
        ),
        ("capture", json!("later")),
        ("amount", json!("9.99")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let refused = start(&shop, &customer, "a", &bad).await;
        assert_eq!(refused.status, 422, "{bad}");
    }
    let unknown = json!({ "order_id": "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002", "payment_method": "mock_ok" });
    let refused = start(&shop, &customer, "a", &unknown).await;
    assert_eq!(refused.refusal(), (404, "not_found"));
    assert_eq!(shop.count("payments").await, 0);
    let started = start(&shop, &customer, "a", &good).await;
    assert_eq!(
        (started.status.as_u16(), started.replayed()),
        (201, false),
        "a refusal is not kept for a key"
    );
}

#[sqlx::test]
async fn what_is_no_json_is_refused(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    for (kind, body, status) in [
        ("application/json", "{\"order_id\":", 400),
        ("application/json", "[]", 422),
        ("text/plain", "{}", 415),
    ] {
        let request = Request::post("/api/v1/payments")
            .header("authorization", format!("Bearer {}", customer.token))
            .header("idempotency-key", "a")
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        assert_eq!(shop.send(request).await.status, status, "{kind} {body}");
    }
}

#[sqlx::test]
async fn without_a_provider_nothing_is_paid_here(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    let refused = start(&shop, &customer, "a", &body(&order)).await;
    assert_eq!(refused.pointers(), ["/payment_method"]);
}
