//! `GET /inventory`

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Shop, order};

fn skus(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["sku"].as_str().unwrap())
        .collect()
}

#[sqlx::test]
async fn by_sku_ones_own_or_all(pool: PgPool) {
    let shop = Shop::open(pool);
    for (sku, units) in [("B", 20), ("A", 5), ("C", 20)] {
        shop.product(sku, units).await;
    }
    shop.post("/products")
        .by(&shop.other_vendor)
        .json(&json!({ "sku": "D", "name": "D", "price": 1 }))
        .await
        .ok(201);
    let list = |query: &str| shop.get(&format!("/inventory?include_total=true&{query}"));
    assert_eq!(
        skus(&list("").by(&shop.vendor).send().await.ok(200)),
        ["A", "B", "C"]
    );
    assert_eq!(
        skus(&list("").by(&shop.admin).send().await.ok(200)),
        ["A", "B", "C", "D"]
    );
    assert_eq!(
        skus(&list("low_stock=true").by(&shop.vendor).send().await.ok(200)),
        ["A"]
    );
    shop.reserve(&[order(&[("B", 15)])]).await;
    let low = list("low_stock=true").by(&shop.admin).send().await.ok(200);
    assert_eq!(
        skus(&low),
        ["A", "B", "D"],
        "held units are not there to sell"
    );
    assert_eq!(low["page"]["total"]["value"], 3);

    let first = list("limit=2").by(&shop.vendor).send().await.ok(200);
    let cursor = first["page"]["next_cursor"].as_str().unwrap();
    let path = format!("/inventory?limit=2&cursor={cursor}");
    assert_eq!(
        skus(&shop.get(&path).by(&shop.vendor).send().await.ok(200)),
        ["C"]
    );
    shop.get(&format!("{path}&low_stock=true"))
        .by(&shop.vendor)
        .send()
        .await
        .refused(422, "invalid_request");
}

#[sqlx::test]
async fn it_takes_a_vendor_or_an_admin(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.get("/inventory")
        .send()
        .await
        .refused(401, "token_missing");
    shop.get("/inventory")
        .by(&shop.customer)
        .send()
        .await
        .refused(403, "forbidden");
    shop.get("/inventory?low_stock=perhaps")
        .by(&shop.vendor)
        .send()
        .await
        .refused(422, "invalid_request");
}
