//! Every endpoint of payments, requested without a token.

use axum::{body::Body, http::Request};
use sqlx::PgPool;

use crate::support::shop::Shop;

const ID: &str = "pay_01932c5e-7d2a-7c3e-9f00-0242ac120002";

#[sqlx::test]
async fn no_payment_is_made_or_seen_without_a_token(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let mut seen = 0;
    let document = include_str!("../../../../openapi.json");
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/api/v1/payments") || path.contains("/webhooks/") {
            continue;
        }
        for method in operations.as_object().unwrap().keys() {
            let path = path.replace("{id}", ID).replace("{status}", "failed");
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&path)
                .header("content-type", "application/json")
                .header("idempotency-key", "a")
                .header("if-match", "*");
            let answer = shop.send(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(answer.refusal(), (401, "token_missing"), "{method} {path}");
            seen += 1;
        }
    }
    assert_eq!(seen, 14, "all of them, and the two aliases");
    for (method, path) in [
        ("DELETE", format!("/payments/{ID}")),
        ("POST", format!("/payments/refund/{ID}")),
        ("GET", "/payments".to_owned()),
    ] {
        for prefix in ["/api/v1", "/api", ""] {
            let request = Request::builder()
                .method(method)
                .uri(format!("{prefix}{path}"));
            let answer = shop.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 401, "{method} {prefix}{path}");
        }
    }
}
