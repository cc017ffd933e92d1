//! `GET /inventory/{sku}`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::{Shop, order};

#[sqlx::test]
async fn its_parts_and_its_tag(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 7).await;
    shop.reserve(&[order(&[("MUG", 2)])]).await;
    let answer = shop.get("/inventory/mug").by(&shop.vendor).send().await;
    assert_eq!(answer.etag(), "\"7\"", "what is on hand, whatever is held");
    assert_eq!(
        answer.ok(200),
        json!({
            "sku": "MUG", "product_id": mug["id"], "vendor_id": mug["vendor_id"], "name": "The MUG", "on_hand": 7, "held": 2,
            "allocated": 0, "available": 5, "low_stock_threshold": 5, "low_stock": true, "warehouse": "main",
            "locations": [{ "location": "main", "on_hand": 7, "held": 2, "allocated": 0, "available": 5 }],
        })
    );
    shop.get("/inventory/MUG")
        .by(&shop.admin)
        .send()
        .await
        .ok(200);
}

#[sqlx::test]
async fn it_takes_the_owner_or_an_admin(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    shop.get("/inventory/MUG")
        .send()
        .await
        .refused(401, "token_missing");
    shop.get("/inventory/MUG")
        .by(&shop.customer)
        .send()
        .await
        .refused(403, "forbidden");
    shop.get("/inventory/MUG")
        .by(&shop.other_vendor)
        .send()
        .await
        .refused(404, "not_found");
    for sku in ["NOTHING", "no%20sku", "%00"] {
        shop.get(&format!("/inventory/{sku}"))
            .by(&shop.admin)
            .send()
            .await
            .refused(404, "not_found");
    }
}
