//! `POST /payments/{id}/capture`.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{authorised, pay, send, settle},
    shop::{Answer, Person, Shop},
};

async fn capture(shop: &Shop, person: &Person, payment: &Value, key: &str) -> Answer {
    let path = format!("/payments/{}/capture", payment["id"].as_str().unwrap());
    send(shop, person, &path, Some(key), &Value::Null).await
}

#[sqlx::test]
async fn an_admin_takes_what_is_set_aside_once(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let payment = authorised(&shop, &customer).await;
    let captured = capture(&shop, &admin, &payment, "a").await;
    assert_eq!(
        (captured.status.as_u16(), &captured.body["decision"]),
        (202, &json!("capture")),
        "{captured:?}"
    );
    let opposite = format!("/payments/{}/cancel", payment["id"].as_str().unwrap());
    let refused = send(&shop, &admin, &opposite, Some("b"), &Value::Null).await;
    assert_eq!(refused.refusal(), (409, "payment_decided"));
    settle(&shop).await;
    let again = capture(&shop, &admin, &payment, "a").await;
    assert_eq!(
        (
            again.status.as_u16(),
            again.replayed(),
            &again.body["status"]
        ),
        (202, true, &json!("captured"))
    );
    assert_eq!(again.body["decision"], Value::Null, "it is done");
    let (captures, minor): (i64, i64) =
        sqlx::query_as("SELECT captures, captured_minor FROM mock_provider_ledger")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!((captures, minor), (1, 999));
}

#[sqlx::test]
async fn what_is_not_set_aside_is_not_taken(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_declined").await;
    assert_eq!(
        capture(&shop, &admin, &payment, "a").await.refusal(),
        (409, "payment_not_capturable")
    );
}

#[sqlx::test]
async fn only_admins_capture(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let payment = authorised(&shop, &customer).await;
    for person in [&customer, &shop.person(&[Role::Vendor])] {
        assert_eq!(
            capture(&shop, person, &payment, "a").await.refusal(),
            (403, "forbidden")
        );
    }
    let path = format!("/payments/{}/capture", payment["id"].as_str().unwrap());
    let no_key = send(&shop.strict(), &shop.admin(), &path, None, &Value::Null).await;
    assert_eq!(no_key.refusal(), (400, "idempotency_key_required"));
    let unknown = json!({ "id": "pay_01932c5e-7d2a-7c3e-9f00-0242ac120002" });
    assert_eq!(
        capture(&shop, &shop.admin(), &unknown, "a").await.refusal(),
        (404, "not_found")
    );
}
