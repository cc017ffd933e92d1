//! `GET /internal/reservations`

use product::stock::reservations::commit;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::shop::{OPERATOR_TOKEN, Shop, order, transfer};

#[sqlx::test]
async fn holds_are_read_by_order_page_by_page(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["CUP", "MUG"] {
        shop.product(sku, 9).await;
    }
    let orders = [
        order(&[("MUG", 2), ("CUP", 1)]),
        order(&[("MUG", 1)]),
        order(&[("CUP", 3)]),
    ];
    shop.reserve(&orders).await;
    commit(&shop.pool, &[orders[0].order_id]).await.unwrap();
    let goods = transfer(orders[0].order_id, &[("MUG", 1)]);
    shop.ship(std::slice::from_ref(&goods)).await;
    // Lost units, and a state that this release does not know.
    shop.plant("UPDATE hold_lines SET released = 1 WHERE sku = 'CUP' AND quantity = 1")
        .await;
    shop.plant("ALTER TABLE holds DROP CONSTRAINT holds_state_known")
        .await;
    shop.plant(
        "UPDATE holds SET state = 'melted', ended_at = now()
         WHERE order_id = (SELECT order_id FROM holds WHERE state = 'held' ORDER BY order_id LIMIT 1)",
    )
    .await;
    let read = async |query: &str| {
        let path = format!("/internal/reservations?{query}");
        shop.get_internal(&path).send().await.ok(200)
    };
    let line = |sku: &str, quantity: i64, shipped: i64, released: i64| {
        json!({
            "sku": sku, "quantity": quantity, "shipped": shipped, "returned": 0, "released": released,
        })
    };
    let all = read("a_parameter_of_a_newer_version=1").await;
    assert_eq!(all.get("next"), None);
    let held = all["reservations"].as_array().unwrap();
    assert_eq!(held.len(), 3);
    assert_eq!(held[0]["order_id"], json!(orders[0].order_id));
    assert_eq!(held[0]["state"], "committed");
    assert_eq!(
        held[0]["lines"],
        json!([line("CUP", 1, 0, 1), line("MUG", 2, 1, 0)])
    );
    assert!(held[0]["age_seconds"].as_f64() >= Some(0.0));
    assert_eq!(held[1]["state"], "melted");
    assert_eq!(held[2]["lines"], json!([line("CUP", 3, 0, 0)]));

    // Page by page.
    let (mut after, mut seen) = (Uuid::nil(), Vec::new());
    loop {
        let page = read(&format!("limit=2&after={after}")).await;
        seen.extend(page["reservations"].as_array().unwrap().clone());
        match &page["next"] {
            Value::Null => break,
            next => after = next.as_str().unwrap().parse().unwrap(),
        }
    }
    let ids = |holds: &[Value]| -> Vec<Value> {
        holds.iter().map(|hold| hold["order_id"].clone()).collect()
    };
    assert_eq!(ids(&seen), ids(held));
    let between = format!("after={}&upto={}", orders[0].order_id, orders[1].order_id);
    let page = read(&between).await;
    assert_eq!(
        ids(page["reservations"].as_array().unwrap()),
        [json!(orders[1].order_id)]
    );
    for limit in [0, 1_001] {
        let path = format!("/internal/reservations?limit={limit}");
        let call = shop.get_internal(&path).send().await;
        call.refused(422, "invalid_request");
    }
}

#[sqlx::test]
async fn holds_are_for_order_alone(pool: PgPool) {
    let shop = Shop::open(pool);
    let read = || shop.observe("/internal/reservations");
    read().send().await.refused(401, "token_missing");
    let operator = format!("Bearer {OPERATOR_TOKEN}");
    let answer = read().header("authorization", &operator).send().await;
    answer.refused(401, "token_invalid");
}
