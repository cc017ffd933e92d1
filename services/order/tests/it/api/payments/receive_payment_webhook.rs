//! `POST /payments/webhooks/{provider}`.

use axum::{body::Body, http::Request};
use chrono::TimeDelta;
use clock::Clock;
use serde_json::json;
use sqlx::PgPool;
use webhooks::Secrets;

use crate::{
    payments::mock_provider::{OTHER_SECRET, SECRET},
    support::{
        payments::{payment_of, place},
        shop::{Answer, Shop, at_the_mock},
    },
};

async fn tell(shop: &Shop, provider: &str, secret: &str, age: TimeDelta, body: &str) -> Answer {
    let secrets: Secrets = secret.parse().unwrap();
    let mut request = Request::post(format!("/api/v1/payments/webhooks/{provider}"))
        .header("content-type", "application/json");
    let time = Clock::system().now() - age;
    for (name, value) in secrets.sign("msg_1", time, body.as_bytes()) {
        request = request.header(name, value);
    }
    shop.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

fn told(payment: &serde_json::Value) -> String {
    json!({ "type": "payment.authorise.settled", "data": { "payment_id": payment["id"] } })
        .to_string()
}

#[sqlx::test]
async fn a_signed_webhook_makes_the_shop_ask_and_changes_nothing_by_itself(pool: PgPool) {
    let mut settings = at_the_mock();
    settings.mock.mock_late_ms = 3_600_000;
    let shop = Shop::paid(pool, &settings).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_late")).await;
    shop.drive_out().await;
    let payment = payment_of(&shop, &customer, &order).await;
    assert_eq!(payment["status"], "pending");
    let early = tell(&shop, "mock", SECRET, TimeDelta::zero(), &told(&payment)).await;
    assert_eq!(early.status, 204, "{early:?}");
    shop.drive_out().await;
    assert_eq!(
        payment_of(&shop, &customer, &order).await["status"],
        "pending",
        "what the provider says counts, not the webhook"
    );
    shop.execute("UPDATE mock_provider_operations SET result_at = now()")
        .await;
    for _ in 0..2 {
        let told = tell(&shop, "mock", SECRET, TimeDelta::zero(), &told(&payment)).await;
        assert_eq!(told.status, 204);
    }
    shop.drive_out().await;
    assert_eq!(
        payment_of(&shop, &customer, &order).await["status"],
        "captured"
    );
}

#[sqlx::test]
async fn only_the_provider_is_believed_and_only_lately(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let body = told(&json!({ "id": "pay_01932c5e-7d2a-7c3e-9f00-0242ac120002" }));
    let unknown = tell(&shop, "mock", SECRET, TimeDelta::zero(), &body).await;
    assert_eq!(unknown.status, 204, "nothing to be told again");
    for (secret, age) in [
        (OTHER_SECRET, TimeDelta::zero()),
        (SECRET, TimeDelta::minutes(6)),
        (SECRET, TimeDelta::minutes(-6)),
    ] {
        let refused = tell(&shop, "mock", secret, age, &body).await;
        assert_eq!(refused.refusal(), (401, "signature_invalid"), "{age}");
    }
    let unsigned = Request::post("/api/v1/payments/webhooks/mock");
    let refused = shop
        .send(unsigned.body(Body::from(body.clone())).unwrap())
        .await;
    assert_eq!(refused.refusal(), (401, "signature_invalid"));
    for nonsense in ["{}", "no json", r#"{"data":{"payment_id":"ord_1"}}"#] {
        let refused = tell(&shop, "mock", SECRET, TimeDelta::zero(), nonsense).await;
        assert_eq!(refused.status, 422, "{nonsense}");
    }
    let other = tell(&shop, "stripe", SECRET, TimeDelta::zero(), &body).await;
    assert_eq!(other.refusal(), (404, "not_found"));
    let large = " ".repeat(1024 * 1024 + 1);
    let refused = tell(&shop, "mock", SECRET, TimeDelta::zero(), &large).await;
    assert_eq!(refused.refusal(), (413, "body_too_large"));
}
