//! `POST /internal/reservations` and the later calls of order

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, INTERNAL_TOKEN, Shop, id};

async fn call(shop: &Shop, path: &str, body: &Value) -> Answer {
    shop.internal(path)
        .header("authorization", &format!("Bearer {INTERNAL_TOKEN}"))
        .json(body)
        .await
}

fn reservation(lines: &Value) -> Value {
    let order_id = id();
    json!({
        "request_key": order_id.simple().to_string().repeat(2), "fingerprint": "ab".repeat(32), "order_id": order_id,
        "hold_seconds": 60, "expected_total_minor": null, "lines": lines, "a_member_of_tomorrow": 1,
    })
}

#[sqlx::test]
async fn an_order_is_held_committed_and_another_released(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 5).await;
    let product_id = mug["id"].as_str().unwrap().strip_prefix("prd_").unwrap();
    let (one, two) = (
        reservation(&json!([{ "product_id": product_id, "quantity": 2 }])),
        reservation(&json!([{ "sku": "MUG", "quantity": 9 }])),
    );
    let three = reservation(&json!([{ "sku": "MUG", "quantity": 1 }]));
    let body = json!({ "reservations": [one, two, three] });
    let verdicts = call(&shop, "/internal/reservations", &body).await.ok(200);
    let first = &verdicts["verdicts"][0];
    assert_eq!(
        (&first["verdict"], &first["order_id"]),
        (&json!("held"), &one["order_id"])
    );
    assert_eq!(
        (&first["currency"], &first["total_minor"]),
        (&json!("USD"), &json!(2_000))
    );
    assert!(first["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        first["lines"],
        json!([{
            "product_id": product_id, "vendor_id": shop.vendor.id, "sku": "MUG", "name": "The MUG", "unit_price_minor": 1_000,
            "quantity": 2,
        }])
    );
    assert_eq!(
        verdicts["verdicts"][1],
        json!({
            "verdict": "out_of_stock", "lines": [{ "sku": "MUG", "requested": 9, "available": 3 }],
        })
    );
    let again = call(&shop, "/internal/reservations", &body).await.ok(200);
    for place in [0, 2] {
        assert_eq!(
            again["verdicts"][place], verdicts["verdicts"][place],
            "sent again, a batch finds its holds"
        );
    }

    let ids = |orders: &[&Value]| json!({ "order_ids": orders.iter().map(|order| &order["order_id"]).collect::<Vec<_>>() });
    let extensions =
        json!({ "extensions": [{ "order_id": one["order_id"], "hold_seconds": 900 }] });
    let extended = call(&shop, "/internal/reservations/extend", &extensions)
        .await
        .ok(200);
    assert_eq!(
        extended["outcomes"],
        json!([{ "order_id": one["order_id"], "outcome": "extended" }])
    );
    let committed = call(&shop, "/internal/reservations/commit", &ids(&[&one, &two]))
        .await
        .ok(200);
    assert_eq!(
        committed["outcomes"],
        json!([
            { "order_id": one["order_id"], "outcome": "committed" }, { "order_id": two["order_id"], "outcome": "gone" },
        ])
    );
    let released = call(
        &shop,
        "/internal/reservations/release",
        &ids(&[&one, &three]),
    )
    .await
    .ok(200);
    assert_eq!(
        released["outcomes"],
        json!([
            { "order_id": one["order_id"], "outcome": "committed" }, { "order_id": three["order_id"], "outcome": "released" },
        ])
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 2));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn only_order_may_call(pool: PgPool) {
    let shop = Shop::open(pool);
    for path in [
        "reservations",
        "reservations/commit",
        "reservations/release",
        "reservations/extend",
        "reservations/ship",
        "reservations/return",
        "shortfalls/settle",
    ] {
        let path = format!("/internal/{path}");
        let body = json!({
            "reservations": [], "order_ids": [], "extensions": [], "shipments": [], "returns": [],
            "ids": [],
        });
        shop.internal(&path)
            .json(&body)
            .await
            .refused(401, "token_missing");
        shop.internal(&path)
            .header("authorization", "Bearer guess")
            .json(&body)
            .await
            .refused(401, "token_invalid");
        shop.internal(&path)
            .by(&shop.admin)
            .json(&body)
            .await
            .refused(401, "token_invalid");
        let admitted = shop
            .internal(&path)
            .header("authorization", "Bearer next-token")
            .json(&body)
            .await;
        assert!(admitted.status.is_success(), "{path}: {}", admitted.body);
        shop.request("POST", &path)
            .json(&body)
            .await
            .refused(404, "not_found");
    }
}

#[sqlx::test]
async fn batches_out_of_bounds_are_refused_as_a_whole(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let line = json!([{ "sku": "MUG", "quantity": 1 }]);
    let many = json!({ "reservations": (0..129).map(|_| reservation(&line)).collect::<Vec<_>>() });
    call(&shop, "/internal/reservations", &many)
        .await
        .refused(422, "invalid_request");
    let ids = json!({ "order_ids": (0..129).map(|_| id()).collect::<Vec<_>>() });
    for path in ["commit", "release"] {
        call(&shop, &format!("/internal/reservations/{path}"), &ids)
            .await
            .refused(422, "invalid_request");
    }
    for lines in [
        json!([]),
        json!([{ "quantity": 1 }]),
        json!([{ "sku": "MUG", "quantity": 0 }]),
        json!([{ "sku": "MUG", "product_id": id(), "quantity": 1 }]),
        Value::Array(vec![line[0].clone(); 501]),
    ] {
        let answer = call(
            &shop,
            "/internal/reservations",
            &json!({ "reservations": [reservation(&lines)] }),
        )
        .await;
        assert_eq!(answer.status, 422, "{}", answer.body);
    }
    let answer = call(
        &shop,
        "/internal/reservations",
        &json!({ "reservations": [] }),
    )
    .await;
    assert_eq!(answer.ok(200), json!({ "verdicts": [] }));
}

/// 128 orders of 100 long lines are more than a megabyte.
#[sqlx::test]
async fn a_full_batch_of_long_orders_fits(pool: PgPool) {
    let shop = Shop::open(pool);
    let sku = "X".repeat(64);
    let lines: Vec<Value> = (0..100)
        .map(|_| json!({ "sku": sku, "quantity": 99_999 }))
        .collect();
    let body =
        json!({ "reservations": (0..128).map(|_| reservation(&json!(lines))).collect::<Vec<_>>() });
    assert!(body.to_string().len() > 1024 * 1024);
    let answer = call(&shop, "/internal/reservations", &body).await.ok(200);
    assert_eq!(answer["verdicts"][127]["verdict"], "unknown_product");
}

#[sqlx::test]
async fn probes_answer_without_a_token(pool: PgPool) {
    let shop = Shop::open(pool);
    let probe = |path: &str| shop.internal(path).header("x-unused", "1");
    for path in ["/livez", "/readyz", "/startupz"] {
        assert_eq!(
            probe(path).send().await.status,
            405,
            "probes are read with GET: {path}"
        );
    }
    let health = shop.get("/product/health").send().await.ok(200);
    assert_eq!(
        health["dependencies"],
        json!([{ "name": "postgres", "status": "up" }])
    );
}
