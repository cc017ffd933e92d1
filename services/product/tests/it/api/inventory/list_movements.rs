//! `GET /inventory/{sku}/movements`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::Shop;

#[sqlx::test]
async fn the_newest_first_and_page_by_page(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    for delta in [1, 2, -3] {
        let body = json!({ "delta": delta, "reason": "test" });
        shop.post("/inventory/MUG/adjustments")
            .by(&shop.vendor)
            .keyed()
            .json(&body)
            .await
            .ok(200);
    }
    let mut deltas = Vec::new();
    let mut path = "/inventory/mug/movements?limit=3&include_total=true".to_owned();
    loop {
        let page = shop.get(&path).by(&shop.vendor).send().await.ok(200);
        assert_eq!(page["page"]["total"]["value"], 4);
        deltas.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["delta"].as_i64().unwrap()),
        );
        let Some(cursor) = page["page"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("/inventory/mug/movements?limit=3&include_total=true&cursor={cursor}");
    }
    assert_eq!(deltas, [-3, 2, 1, 7]);
    let first = shop
        .get("/inventory/MUG/movements?page=4&limit=1")
        .by(&shop.admin)
        .send()
        .await
        .ok(200);
    assert_eq!(first["data"][0]["kind"], "initial");
}

#[sqlx::test]
async fn it_takes_the_owner_or_an_admin(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    let list = || shop.get("/inventory/MUG/movements");
    list().send().await.refused(401, "token_missing");
    list()
        .by(&shop.customer)
        .send()
        .await
        .refused(403, "forbidden");
    list()
        .by(&shop.other_vendor)
        .send()
        .await
        .refused(404, "not_found");
    shop.get("/inventory/MUG/movements?cursor=x")
        .by(&shop.vendor)
        .send()
        .await
        .refused(422, "invalid_request");
    shop.get("/inventory/MUG/movements?colour=x")
        .by(&shop.vendor)
        .send()
        .await
        .refused(422, "invalid_request");
}
