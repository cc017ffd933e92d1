//! `GET /internal/shortfalls` and `POST /internal/shortfalls/settle`

use product::stock::reservations::commit;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::shop::{INTERNAL_TOKEN, Shop, id, order};

#[sqlx::test]
async fn a_shortfall_is_told_until_it_is_settled(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    let reservation = order(&[("MUG", 3)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
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
    assert_eq!(told[0]["order_id"], json!(reservation.order_id));
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
    for settled in [1, 0] {
        let answer = settle(json!([told[0]["id"], id()])).await.ok(200);
        assert_eq!(answer, json!({ "settled": settled }));
        assert_eq!(open().await, told[1..]);
    }
    let many: Vec<_> = (0..129).map(|_| id()).collect();
    settle(json!(many)).await.refused(422, "invalid_request");
}

/// Shortfalls of orders that do not exist, the first the oldest.
async fn plant(shop: &Shop, count: usize) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for age in (0..count).rev() {
        ids.push(id());
        sqlx::query(
            "INSERT INTO shortfalls (id, order_id, sku, location, quantity, created_at)
             VALUES ($1, $1, 'MUG', 'main', 1, now() - make_interval(mins => $2))",
        )
        .bind(ids.last().unwrap())
        .bind(i32::try_from(age).unwrap())
        .execute(&shop.pool)
        .await
        .unwrap();
    }
    ids
}

fn ids(page: &Value) -> Vec<Uuid> {
    let rows = page["shortfalls"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[sqlx::test]
async fn pages_are_bounded_and_go_on_behind_what_cannot_be_settled(pool: PgPool) {
    let shop = Shop::open(pool);
    let planted = plant(&shop, 130).await;
    let page = async |query: &str| {
        let call = shop.get_internal(&format!("/internal/shortfalls{query}"));
        call.send().await
    };
    assert_eq!(ids(&page("").await.ok(200)), planted[..128]);
    let first = page("?limit=100").await.ok(200);
    assert_eq!(ids(&first), planted[..100]);
    assert_eq!(first["next"], json!(planted[99]));
    let second = page(&format!("?limit=100&after={}", planted[99])).await;
    let second = second.ok(200);
    assert_eq!(ids(&second), planted[100..]);
    assert_eq!(second.get("next"), None);
    for query in ["?limit=0", "?limit=129", "?limit=x", "?after=x"] {
        page(query).await.refused(422, "invalid_request");
    }
}

/// A time beyond the range of chrono caused a panic.
#[sqlx::test]
async fn one_that_cannot_be_read_is_left_out(pool: PgPool) {
    let shop = Shop::open(pool);
    let planted = plant(&shop, 3).await;
    sqlx::query("UPDATE shortfalls SET created_at = '-infinity' WHERE id = $1")
        .bind(planted[1])
        .execute(&shop.pool)
        .await
        .unwrap();
    let call = shop.get_internal("/internal/shortfalls").send();
    assert_eq!(ids(&call.await.ok(200)), [planted[0], planted[2]]);
}
