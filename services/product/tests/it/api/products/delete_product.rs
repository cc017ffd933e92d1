//! `DELETE /products/{id}`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::{Shop, order};

#[sqlx::test]
async fn a_deleted_product_is_gone_and_its_slug_free(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 3).await;
    shop.reserve(&[order(&[("MUG", 1)])]).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    shop.delete(&path).by(&shop.vendor).send().await.ok(204);
    shop.delete(&path)
        .by(&shop.vendor)
        .send()
        .await
        .refused(404, "not_found");
    for path in [path.as_str(), "/products/the-mug", "/inventory/MUG"] {
        shop.get(path)
            .by(&shop.admin)
            .send()
            .await
            .refused(404, "not_found");
    }
    assert!(
        shop.get("/products").by(&shop.admin).send().await.ok(200)["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    shop.post(&format!("{path}/enable"))
        .by(&shop.vendor)
        .send()
        .await
        .refused(404, "not_found");
    shop.post("/products")
        .by(&shop.vendor)
        .json(&json!({ "sku": "MUG-2", "name": "The MUG", "price": 1 }))
        .await
        .ok(201);
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn it_takes_the_owner_or_an_admin(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    shop.delete(&path)
        .send()
        .await
        .refused(401, "token_missing");
    shop.delete(&path)
        .by(&shop.customer)
        .send()
        .await
        .refused(403, "forbidden");
    shop.delete(&path)
        .by(&shop.other_vendor)
        .send()
        .await
        .refused(404, "not_found");
    shop.delete(&path).by(&shop.admin).send().await.ok(204);
}
