//! `GET /internal/shortfalls` and `POST /internal/shortfalls/settle`

use product::reservation::commit;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::shop::{INTERNAL_TOKEN, Shop, id, order};

#[sqlx::test]
async fn a_shortfall_is_told_until_it_is_settled(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    let wish = order(&[("MUG", 3)]);
    shop.reserve(std::slice::from_ref(&wish)).await;
    commit(&shop.pool, &[wish.order_id]).await.unwrap();
    for _ in 0..2 {
        let body = json!({ "delta": -1, "reason": "broken", "force": true });
        shop.post("/inventory/MUG/adjustments")
            .by(&shop.vendor)
            .keyed()
            .json(&body)
            .await
            .ok(200);
    }
    let open = || async {
        let call = shop.get_internal("/internal/shortfalls").send().await;
        call.ok(200)["shortfalls"].as_array().unwrap().clone()
    };
    let told = open().await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["order_id"], json!(wish.order_id));
    assert_eq!(
        (&told[0]["sku"], &told[0]["quantity"]),
        (&json!("MUG"), &json!(1))
    );
    assert!(told[0]["created_at"].is_string());
    let settle = |ids: Value| {
        let call = shop
            .internal("/internal/shortfalls/settle")
            .header("authorization", &format!("Bearer {INTERNAL_TOKEN}"));
        async move { call.json(&json!({ "ids": ids })).await }
    };
    for _ in 0..2 {
        settle(json!([told[0]["id"], id()])).await.ok(204);
        assert_eq!(open().await, told[1..]);
    }
    let many: Vec<_> = (0..129).map(|_| id()).collect();
    settle(json!(many)).await.refused(422, "invalid_request");
}
