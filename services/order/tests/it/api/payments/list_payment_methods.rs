//! `GET /payment-methods`.

use axum::{body::Body, http::Request};
use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::Shop;

async fn methods(shop: &Shop) -> serde_json::Value {
    let request = Request::get("/api/v1/payment-methods");
    let answer = shop.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    answer.body
}

#[sqlx::test]
async fn everybody_sees_what_is_offered(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let methods = methods(&shop).await;
    assert_eq!(
        methods["data"][0],
        json!({ "id": "mock_ok", "provider": "mock", "title": "Mock", "description": "Succeeds immediately." })
    );
}

#[sqlx::test]
async fn a_shop_without_a_provider_offers_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    assert_eq!(methods(&shop).await, json!({ "data": [] }));
}
