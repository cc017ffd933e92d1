//! `GET /vendor/products`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::Shop;

#[sqlx::test]
async fn a_vendor_lists_their_own_in_every_state(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("A", 3).await;
    let draft = json!({ "sku": "B", "name": "Draft", "price": "1", "status": "draft" });
    shop.post("/products")
        .by(&shop.vendor)
        .json(&draft)
        .await
        .ok(201);
    shop.post("/products")
        .by(&shop.other_vendor)
        .json(&json!({ "sku": "C", "name": "C", "price": "1" }))
        .await
        .ok(201);
    let list = |query: &str| {
        shop.get(&format!(
            "/vendor/products?include_total=true&sort=created_at&{query}"
        ))
        .by(&shop.vendor)
    };
    let all = list("").send().await.ok(200);
    assert_eq!(
        (&all["data"][0]["sku"], &all["data"][1]["sku"]),
        (&json!("A"), &json!("B"))
    );
    assert_eq!(all["page"]["total"]["value"], 2);
    assert_eq!(all["data"][0]["inventory"]["on_hand"], 3);
    for (query, expected) in [
        ("status=draft", 1),
        ("status=disabled", 0),
        ("q=draft", 1),
        ("in_stock=true", 1),
    ] {
        assert_eq!(
            list(query).send().await.ok(200)["page"]["total"]["value"],
            expected,
            "{query}"
        );
    }
    list("status=gone")
        .send()
        .await
        .refused(422, "invalid_request");
}

#[sqlx::test]
async fn it_takes_a_vendor(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.get("/vendor/products")
        .send()
        .await
        .refused(401, "token_missing");
    shop.get("/vendor/products")
        .by(&shop.customer)
        .send()
        .await
        .refused(403, "forbidden");
    shop.get("/vendor/products")
        .by(&shop.admin)
        .send()
        .await
        .refused(403, "forbidden");
}
