//! `POST /inventory/{sku}/adjustments`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::{Shop, id, order};

#[sqlx::test]
async fn units_come_and_go(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    for (delta, after) in [(5, 12), (-2, 10)] {
        let body = json!({ "delta": delta, "reason": "counted again" });
        let answer = shop
            .post("/inventory/mug/adjustments")
            .by(&shop.vendor)
            .keyed()
            .json(&body)
            .await;
        assert_eq!(answer.etag(), format!("\"{after}\""));
        assert_eq!(answer.ok(200)["on_hand"], after);
    }
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_repeated_request_adjusts_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    let key = id().to_string();
    let body = json!({ "delta": 1, "reason": "found one" });
    let adjust = || {
        shop.post("/inventory/MUG/adjustments")
            .by(&shop.vendor)
            .header("idempotency-key", &key)
    };
    let answers = futures::future::join_all((0..6).map(|_| adjust().json(&body))).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    let again = adjust().json(&body).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(200)["on_hand"], 8);
    assert_eq!(shop.counters("MUG").await, (8, 0, 0));
    shop.post("/inventory/MUG/adjustments")
        .by(&shop.vendor)
        .json(&body)
        .await
        .refused(400, "idempotency_key_required");
}

#[sqlx::test]
async fn adjustments_and_orders_at_once_add_up(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 50).await;
    let body = json!({ "delta": -1, "reason": "broken" });
    let adjust = || async {
        let answer = shop
            .post("/inventory/MUG/adjustments")
            .by(&shop.vendor)
            .keyed()
            .json(&body)
            .await;
        assert!(
            [200, 503].contains(&answer.status.as_u16()),
            "{}",
            answer.body
        );
        i64::from(answer.status == 200)
    };
    let buy = || async { shop.reserve(&[order(&[("MUG", 1)])]).await };
    let (adjusted, bought) = tokio::join!(
        futures::future::join_all((0..15).map(|_| adjust())),
        futures::future::join_all((0..15).map(|_| buy())),
    );
    let adjusted: i64 = adjusted.into_iter().sum();
    assert_eq!(
        shop.counters("MUG").await,
        (50 - adjusted, i64::try_from(bought.len()).unwrap(), 0)
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn not_below_what_orders_hold_and_not_above_what_can_be_kept(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    shop.reserve(&[order(&[("MUG", 4)])]).await;
    let adjust = |delta: i64| {
        let body = json!({ "delta": delta, "reason": "test" });
        let call = shop
            .post("/inventory/MUG/adjustments")
            .by(&shop.vendor)
            .keyed();
        async move { call.json(&body).await }
    };
    adjust(-4).await.refused(409, "below_committed");
    adjust(-8).await.refused(409, "below_committed");
    adjust(1_000_000_000).await.invalid_at("");
    adjust(-3).await.ok(200);
    assert_eq!(shop.counters("MUG").await, (4, 4, 0));
}

#[sqlx::test]
async fn fields_that_break_a_rule_and_strangers_are_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 7).await;
    let adjust = |sku: &str| shop.post(&format!("/inventory/{sku}/adjustments")).keyed();
    for (body, pointer) in [
        (json!({ "delta": 0, "reason": "none" }), "/delta"),
        (
            json!({ "delta": 1_000_000_001, "reason": "many" }),
            "/delta",
        ),
        (json!({ "delta": "1", "reason": "text" }), "/delta"),
        (json!({ "delta": 1, "reason": " " }), "/reason"),
        (
            json!({ "delta": 1, "reason": "a", "force": "yes" }),
            "/force",
        ),
        (
            json!({ "delta": 1, "reason": "a", "because": "b" }),
            "/because",
        ),
    ] {
        adjust("MUG")
            .by(&shop.vendor)
            .json(&body)
            .await
            .invalid_at(pointer);
    }
    let body = json!({ "delta": 1, "reason": "a" });
    adjust("MUG")
        .json(&body)
        .await
        .refused(401, "token_missing");
    adjust("MUG")
        .by(&shop.customer)
        .json(&body)
        .await
        .refused(403, "forbidden");
    adjust("MUG")
        .by(&shop.other_vendor)
        .json(&body)
        .await
        .refused(404, "not_found");
    adjust("NOTHING")
        .by(&shop.admin)
        .json(&body)
        .await
        .refused(404, "not_found");
}
