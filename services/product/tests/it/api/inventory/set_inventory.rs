//! `PUT /inventory/{sku}`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::{Shop, id, order};

#[sqlx::test]
async fn a_count_is_set_and_written_down(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    let body = json!({ "on_hand": 12, "low_stock_threshold": 2, "reason": "stocktaking" });
    let answer = shop
        .put("/inventory/mug")
        .by(&shop.vendor)
        .keyed()
        .header("if-match", "\"7\"")
        .json(&body)
        .await;
    assert_eq!(answer.etag(), "\"12\"");
    let stock = answer.ok(200);
    assert_eq!(
        (
            &stock["on_hand"],
            &stock["low_stock_threshold"],
            &stock["low_stock"]
        ),
        (&json!(12), &json!(2), &json!(false))
    );
    let movements = shop
        .get("/inventory/MUG/movements")
        .by(&shop.vendor)
        .send()
        .await
        .ok(200);
    let last = &movements["data"][0];
    assert_eq!(
        (&last["kind"], &last["delta"], &last["on_hand_after"]),
        (&json!("set"), &json!(5), &json!(12))
    );
    assert_eq!(last["user_id"], format!("usr_{}", shop.vendor.id));

    let same = shop
        .put("/inventory/MUG")
        .by(&shop.admin)
        .keyed()
        .header("if-match", "*")
        .json(&json!({ "on_hand": 12 }))
        .await
        .ok(200);
    assert_eq!(same["low_stock_threshold"], 2, "absent: as it was");
    let movements = shop
        .get("/inventory/MUG/movements")
        .by(&shop.vendor)
        .send()
        .await
        .ok(200);
    assert_eq!(
        movements["data"].as_array().unwrap().len(),
        2,
        "nothing moved"
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn the_tag_compares_what_is_on_hand(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    shop.reserve(&[order(&[("MUG", 2)])]).await;
    let body = json!({ "on_hand": 9 });
    let put = || shop.put("/inventory/MUG").by(&shop.vendor);
    put()
        .keyed()
        .json(&body)
        .await
        .refused(428, "if_match_required");
    put()
        .header("if-match", "*")
        .json(&body)
        .await
        .refused(400, "idempotency_key_required");
    put()
        .keyed()
        .header("if-match", "\"6\"")
        .json(&body)
        .await
        .refused(412, "precondition_failed");
    put()
        .keyed()
        .header("if-match", "\"7\"")
        .json(&body)
        .await
        .ok(200);
    assert_eq!(shop.counters("MUG").await, (9, 2, 0));
}

#[sqlx::test]
async fn a_repeated_request_is_answered_before_its_tag_is_compared(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    shop.product("CUP", 7).await;
    let key = id().to_string();
    let put = |sku: &str| {
        shop.put(&format!("/inventory/{sku}"))
            .by(&shop.vendor)
            .header("idempotency-key", &key)
            .header("if-match", "\"7\"")
    };
    let first = put("MUG").json(&json!({ "on_hand": 9 })).await;
    let again = put("mug").json(&json!({ "on_hand": 9 })).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!((again.etag(), &again.body), (first.etag(), &first.body));
    put("MUG")
        .json(&json!({ "on_hand": 8 }))
        .await
        .refused(422, "idempotency_key_reused");
    put("CUP")
        .json(&json!({ "on_hand": 9 }))
        .await
        .refused(422, "idempotency_key_reused");
    assert_eq!(shop.counters("MUG").await, (9, 0, 0));
}

#[sqlx::test]
async fn not_below_what_orders_hold(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    shop.reserve(&[order(&[("MUG", 4)])]).await;
    let put = |on_hand: i64| {
        let body = json!({ "on_hand": on_hand });
        let call = shop
            .put("/inventory/MUG")
            .by(&shop.vendor)
            .keyed()
            .header("if-match", "*");
        async move { call.json(&body).await }
    };
    let refused = put(3).await;
    refused.refused(409, "below_committed");
    assert_eq!(
        (&refused.body["committed"], &refused.body["on_hand"]),
        (&json!(4), &json!(3))
    );
    put(4).await.ok(200);
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn fields_that_break_a_rule_and_strangers_are_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    let put = |sku: &str| {
        shop.put(&format!("/inventory/{sku}"))
            .keyed()
            .header("if-match", "*")
    };
    for (body, pointer) in [
        (json!({ "on_hand": -1 }), "/on_hand"),
        (json!({ "on_hand": 1_000_000_001 }), "/on_hand"),
        (json!({ "on_hand": 1.5 }), "/on_hand"),
        (
            json!({ "on_hand": 1, "low_stock_threshold": -1 }),
            "/low_stock_threshold",
        ),
        (json!({ "on_hand": 1, "reason": "" }), "/reason"),
        (json!({ "on_hand": 1, "held": 0 }), "/held"),
    ] {
        put("MUG")
            .by(&shop.vendor)
            .json(&body)
            .await
            .invalid_at(pointer);
    }
    let body = json!({ "on_hand": 1 });
    put("MUG").json(&body).await.refused(401, "token_missing");
    put("MUG")
        .by(&shop.customer)
        .json(&body)
        .await
        .refused(403, "forbidden");
    put("MUG")
        .by(&shop.other_vendor)
        .json(&body)
        .await
        .refused(404, "not_found");
    put("NOTHING")
        .by(&shop.admin)
        .json(&body)
        .await
        .refused(404, "not_found");
}
