//! `POST /internal/reservations/ship` and `…/return`, and the release of what is committed

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{INTERNAL_TOKEN, Shop, id, order};

async fn call(shop: &Shop, what: &str, body: &Value) -> crate::support::shop::Answer {
    shop.internal(&format!("/internal/reservations/{what}"))
        .header("authorization", &format!("Bearer {INTERNAL_TOKEN}"))
        .json(body)
        .await
}

#[sqlx::test]
async fn goods_leave_come_back_and_are_given_up(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 3)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    let (transfer, stranger) = (id(), id());
    let lines = json!([{ "sku": "MUG", "quantity": 2 }]);
    let shipment = json!({ "id": transfer, "order_id": reservation.order_id, "lines": lines });
    let outcome = |outcome: &str| json!({ "outcomes": [{ "id": transfer, "outcome": outcome }] });

    let shipments = json!({ "shipments": [shipment] });
    let early = call(&shop, "ship", &shipments).await.ok(200);
    assert_eq!(early, outcome("not_committed"));
    let ids = json!({ "order_ids": [reservation.order_id] });
    call(&shop, "commit", &ids).await.ok(200);
    for _ in 0..2 {
        let shipped = call(&shop, "ship", &shipments).await.ok(200);
        assert_eq!(shipped, outcome("shipped"));
    }
    let returns = json!({ "returns": [shipment], "what_a_newer_caller_says": 1 });
    for _ in 0..2 {
        let returned = call(&shop, "return", &returns).await.ok(200);
        assert_eq!(returned, outcome("returned"));
    }
    let unknown = json!({ "returns": [{ "id": transfer, "order_id": stranger, "lines": lines }] });
    let mismatch = call(&shop, "return", &unknown).await.ok(200);
    assert_eq!(mismatch, outcome("mismatch"));

    let kept = call(&shop, "release", &ids).await.ok(200);
    assert_eq!(kept["outcomes"][0]["outcome"], "committed");
    let all = json!({ "order_ids": [reservation.order_id], "committed": true });
    let released = call(&shop, "release", &all).await.ok(200);
    assert_eq!(released["outcomes"][0]["outcome"], "released");
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn transfers_out_of_bounds_are_refused_as_a_whole(pool: PgPool) {
    let shop = Shop::open(pool);
    let line = json!({ "sku": "MUG", "quantity": 1 });
    let transfer = |lines: &Value| json!({ "id": id(), "order_id": id(), "lines": lines });
    for (what, list) in [("ship", "shipments"), ("return", "returns")] {
        let many: Vec<Value> = (0..129).map(|_| transfer(&json!([line]))).collect();
        let too_many_lines = Value::Array(vec![line.clone(); 501]);
        for transfers in [
            json!(many),
            json!([transfer(&json!([]))]),
            json!([transfer(&too_many_lines)]),
            json!([transfer(&json!([{ "sku": "MUG", "quantity": 0 }]))]),
        ] {
            let answer = call(&shop, what, &json!({ list: transfers })).await;
            assert_eq!(answer.status, 422, "{what}: {}", answer.body);
        }
        let nothing = call(&shop, what, &json!({ list: [] })).await.ok(200);
        assert_eq!(nothing, json!({ "outcomes": [] }));
    }
}
