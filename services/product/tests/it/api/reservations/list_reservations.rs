//! `GET /inventory/reservations`

use product::stock::reservations::{Release, commit, release};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::shop::{Shop, User, expire_overdue, order, transfer};

/// The rows of a page: whose order, SKU, state.
fn rows(page: &Value) -> Vec<(Uuid, String, String)> {
    let rows = page["data"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| {
        let order = text(&row["order_id"]);
        let order = order.strip_prefix("ord_").unwrap().parse().unwrap();
        (order, text(&row["sku"]), text(&row["state"]))
    })
    .collect()
}

/// MUG and CUP are the vendor's, POT is another's. The orders: committed, held, released, expired.
async fn sold(pool: PgPool) -> (Shop, [Uuid; 4]) {
    let shop = Shop::open(pool);
    shop.product("MUG", 50).await;
    shop.product("CUP", 50).await;
    let pot = json!({ "sku": "POT", "name": "Pot", "price": 1, "inventory": { "on_hand": 50 } });
    let made = shop.post("/products").by(&shop.other_vendor);
    made.json(&pot).await.ok(201);
    let batch = [
        order(&[("MUG", 3), ("POT", 1)]),
        order(&[("CUP", 1)]),
        order(&[("MUG", 1)]),
        order(&[("POT", 2)]),
    ];
    shop.reserve(&batch).await;
    let ids = batch.map(|reservation| reservation.order_id);
    commit(&shop.pool, &ids[..1]).await.unwrap();
    release(&shop.pool, &ids[2..3], Release::Held)
        .await
        .unwrap();
    sqlx::query("UPDATE holds SET expires_at = now() - interval '1 s' WHERE order_id = $1")
        .bind(ids[3])
        .execute(&shop.pool)
        .await
        .unwrap();
    expire_overdue(&shop.pool).await.unwrap();
    shop.ship(&[transfer(ids[0], &[("MUG", 2)])]).await;
    (shop, ids)
}

async fn list(shop: &Shop, user: &User, query: &str) -> Value {
    let call = shop.get(&format!("/inventory/reservations?{query}"));
    call.by(user).send().await.ok(200)
}

#[sqlx::test]
async fn the_newest_first_ones_own_or_all(pool: PgPool) {
    let (shop, [committed, held, released, expired]) = sold(pool).await;
    let row = |order, sku: &str, state: &str| (order, sku.to_owned(), state.to_owned());
    let all = list(&shop, &shop.admin, "include_total=true").await;
    assert_eq!(
        rows(&all),
        [
            row(expired, "POT", "expired"),
            row(released, "MUG", "released"),
            row(held, "CUP", "held"),
            row(committed, "POT", "committed"),
            row(committed, "MUG", "committed"),
        ]
    );
    assert_eq!(all["page"]["total"]["value"], 5);
    let own = list(&shop, &shop.vendor, "include_total=true").await;
    assert_eq!(
        rows(&own),
        [
            row(released, "MUG", "released"),
            row(held, "CUP", "held"),
            row(committed, "MUG", "committed"),
        ]
    );
    assert_eq!(own["page"]["total"]["value"], 3);
    let shipped = &all["data"][4];
    assert_eq!(
        [
            &shipped["quantity"],
            &shipped["shipped"],
            &shipped["returned"],
            &shipped["released"]
        ],
        [3, 2, 0, 0]
    );
    assert_eq!(shipped["expires_at"], Value::Null);
    assert!(all["data"][2]["expires_at"].is_string());
    assert_eq!(
        (&shipped["warehouse"], &shipped["name"]),
        (&json!("main"), &json!("The MUG"))
    );
}

#[sqlx::test]
async fn by_sku_order_and_state(pool: PgPool) {
    let (shop, [committed, held, released, expired]) = sold(pool).await;
    let found = |user: User, query: String| {
        let shop = &shop;
        async move {
            let page = list(shop, &user, &format!("{query}&include_total=true")).await;
            let rows = rows(&page);
            assert_eq!(page["page"]["total"]["value"], rows.len(), "{query}");
            rows.into_iter()
                .map(|(order, ..)| order)
                .collect::<Vec<_>>()
        }
    };
    for (query, by_admin, by_vendor) in [
        (
            "sku=mug",
            vec![released, committed],
            vec![released, committed],
        ),
        ("sku=POT", vec![expired, committed], vec![]),
        ("state=held", vec![held], vec![held]),
        (
            "state=committed",
            vec![committed, committed],
            vec![committed],
        ),
        ("state=released", vec![released], vec![released]),
        ("state=expired", vec![expired], vec![]),
        ("state=lost", vec![], vec![]),
        ("sku=MUG&state=committed", vec![committed], vec![committed]),
    ] {
        assert_eq!(
            found(shop.admin.clone(), query.into()).await,
            by_admin,
            "{query}"
        );
        assert_eq!(
            found(shop.vendor.clone(), query.into()).await,
            by_vendor,
            "{query}"
        );
    }
    let by_order = format!("order=ord_{committed}");
    assert_eq!(found(shop.admin.clone(), by_order.clone()).await.len(), 2);
    assert_eq!(found(shop.vendor.clone(), by_order.clone()).await.len(), 1);
    let one = format!("{by_order}&sku=POT");
    assert_eq!(found(shop.admin.clone(), one.clone()).await.len(), 1);
    assert_eq!(found(shop.vendor.clone(), one).await.len(), 0);
}

#[sqlx::test]
async fn pages_follow_each_other(pool: PgPool) {
    let (shop, _) = sold(pool).await;
    for (user, filter) in [
        (&shop.admin, ""),
        (&shop.vendor, ""),
        (&shop.admin, "&sku=MUG"),
    ] {
        let whole = rows(&list(&shop, user, filter.trim_start_matches('&')).await);
        let mut seen = Vec::new();
        let mut query = format!("limit=1{filter}");
        loop {
            let page = list(&shop, user, &query).await;
            seen.extend(rows(&page));
            match page["page"]["next_cursor"].as_str() {
                Some(cursor) => query = format!("limit=1{filter}&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, whole, "{filter}");
        let second = list(&shop, user, &format!("limit=1&page=2{filter}")).await;
        assert_eq!(rows(&second), whole[1..2]);
    }
}

#[sqlx::test]
async fn bad_filters_and_strangers_are_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    for query in [
        "state=open",
        "order=prd_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "sku=a%20b",
        "vendor=me",
        "cursor=x",
        "limit=101",
    ] {
        let call = shop.get(&format!("/inventory/reservations?{query}"));
        let answer = call.by(&shop.admin).send().await;
        answer.refused(422, "invalid_request");
    }
    let path = "/inventory/reservations";
    let guest = shop.get(path).send().await;
    guest.refused(401, "token_missing");
    let customer = shop.get(path).by(&shop.customer).send().await;
    customer.refused(403, "forbidden");
}
