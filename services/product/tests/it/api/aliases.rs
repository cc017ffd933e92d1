//! Addresses kept for compatibility.

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::Shop;

#[sqlx::test]
async fn products_answer_at_the_root_where_the_stack_allows_it(pool: PgPool) {
    let shop = Shop::open_with(pool, true);
    let body = json!({ "sku": "MUG", "name": "Mug", "price": 1 });
    let made = shop
        .request("POST", "/products")
        .by(&shop.vendor)
        .json(&body)
        .await;
    assert!(
        made.header("location").starts_with("/api/v1/products/prd_"),
        "the canonical address"
    );
    made.ok(201);
    for path in [
        "/products",
        "/products/mug",
        "/api/products",
        "/api/v1/products",
        "/api/products/health",
    ] {
        shop.request("GET", path).send().await.ok(200);
    }
    let old_header = format!("Bearer {}", shop.vendor.token);
    shop.get("/vendor/products")
        .header("authentication", &old_header)
        .send()
        .await
        .ok(200);
}

#[sqlx::test]
async fn by_default_they_do_not(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.request("GET", "/products")
        .send()
        .await
        .refused(404, "not_found");
    shop.request("GET", "/api/products").send().await.ok(200);
}
