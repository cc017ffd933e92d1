//! `POST /payments/{id}/cancel`, and `DELETE /payments/{id}` as its alias.

use access::Role;
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{authorised, call, pay, place, send, settle},
    shop::{Answer, Person, Shop},
};

async fn cancel(shop: &Shop, person: &Person, payment: &Value, key: &str) -> Answer {
    let path = format!("/payments/{}/cancel", payment["id"].as_str().unwrap());
    send(shop, person, &path, Some(key), &Value::Null).await
}

#[sqlx::test]
async fn what_is_set_aside_goes_back_and_the_order_can_be_paid_anew(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let payment = authorised(&shop, &customer).await;
    let cancelled = cancel(&shop, &customer, &payment, "a").await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
    assert_eq!(cancelled.body["decision"], "void");
    assert!(cancelled.headers.contains_key("etag"));
    settle(&shop).await;
    let path = format!("/api/v1/payments/{}", payment["id"].as_str().unwrap());
    let ended = shop.get(&customer, &path).await;
    assert_eq!(ended.body["status"], "voided", "{ended:?}");

    let again = cancel(&shop, &customer, &payment, "a").await;
    assert_eq!(
        (
            again.status.as_u16(),
            again.replayed(),
            &again.body["status"]
        ),
        (202, true, &json!("voided"))
    );
    let body = json!({ "order_id": payment["order_id"], "payment_method": "mock_ok" });
    let anew = send(&shop, &customer, "/payments", Some("b"), &body).await;
    assert_eq!(anew.status, 201, "{anew:?}");
}

#[sqlx::test]
async fn delete_is_the_same(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let payment = authorised(&shop, &customer).await;
    let id = payment["id"].as_str().unwrap();
    let path = format!("/payments/{id}");
    let deleted = call(
        &shop,
        Method::DELETE,
        &customer,
        &path,
        Some("a"),
        &Value::Null,
    )
    .await;
    assert_eq!(deleted.status, 202, "{deleted:?}");
    let posted = cancel(&shop, &customer, &payment, "a").await;
    assert!(posted.replayed(), "the aliases share their keys");
    let no_key = call(
        &shop.strict(),
        Method::DELETE,
        &customer,
        &path,
        None,
        &Value::Null,
    )
    .await;
    assert_eq!(no_key.refusal(), (400, "idempotency_key_required"));
}

#[sqlx::test]
async fn what_is_paid_is_refunded_and_not_cancelled(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    for method in ["mock_ok", "mock_declined"] {
        let (_, payment) = pay(&shop, &customer, method).await;
        let refused = cancel(&shop, &customer, &payment, method).await;
        assert_eq!(
            refused.refusal(),
            (409, "payment_not_cancellable"),
            "{method}"
        );
        assert_eq!(refused.body["current_status"], payment["status"]);
    }
}

#[sqlx::test]
async fn who_may_cancel_what(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let payment = authorised(&shop, &customer).await;
    let other = authorised(&shop, &customer).await;
    assert_eq!(
        cancel(&shop, &stranger, &payment, "a").await.refusal(),
        (404, "not_found")
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(
        cancel(&shop, &vendor, &payment, "a").await.refusal(),
        (403, "forbidden")
    );
    assert_eq!(
        cancel(&shop, &shop.admin(), &payment, "a").await.status,
        202
    );
    cancel(&shop, &customer, &payment, "a").await;
    assert_eq!(
        cancel(&shop, &customer, &other, "a").await.refusal(),
        (422, "idempotency_key_reused")
    );
    place(&shop, &customer, None).await;
}
