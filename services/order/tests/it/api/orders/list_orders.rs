//! `GET /orders`.

use access::Role;
use serde_json::Value;
use sqlx::PgPool;

use crate::support::shop::{Answer, Shop, order_of};

/// Orders of two customers, one second apart: three of the first, newest last, and one of the other between them.
async fn shop_with_orders(
    pool: PgPool,
) -> (
    Shop,
    crate::support::shop::Person,
    crate::support::shop::Person,
) {
    let shop = Shop::open(pool).await;
    let (one, two) = (shop.customer(), shop.customer());
    for (number, customer) in (0_i32..).zip([&one, &two, &one, &one]) {
        let placed = shop
            .place(
                customer,
                &format!("k{number}"),
                &order_of(&[("MUG-1", 1), ("CUP-1", 2)]),
            )
            .await;
        sqlx::query("UPDATE orders SET created_at = '2026-11-01T00:00:00Z'::timestamptz + make_interval(secs => $2) WHERE id = $1")
            .bind(placed.uuid())
            .bind(f64::from(number))
            .execute(&shop.pool)
            .await
            .unwrap();
    }
    (shop, one, two)
}

fn numbers(answer: &Answer) -> Vec<i64> {
    answer.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["number"].as_i64().unwrap())
        .collect()
}

#[sqlx::test]
async fn customers_see_their_own_and_admins_all_newest_first(pool: PgPool) {
    let (shop, one, two) = shop_with_orders(pool).await;
    let own = shop.get(&one, "/api/v1/orders").await;
    assert_eq!(numbers(&own), [1004, 1003, 1001]);
    assert_eq!(own.body["data"][0]["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        own.body["page"],
        serde_json::json!({ "limit": 20, "has_more": false })
    );
    assert_eq!(numbers(&shop.get(&two, "/api/v1/orders").await), [1002]);
    assert_eq!(
        numbers(&shop.get(&shop.admin(), "/api/v1/orders").await),
        [1004, 1003, 1002, 1001]
    );
    let both = shop.person(&[Role::Customer, Role::Admin]);
    assert_eq!(numbers(&shop.get(&both, "/api/v1/orders").await).len(), 4);
    assert_eq!(
        shop.get(&shop.person(&[Role::Vendor]), "/api/v1/orders")
            .await
            .refusal(),
        (403, "forbidden")
    );
}

#[sqlx::test]
async fn filters_narrow_the_list(pool: PgPool) {
    let (shop, one, two) = shop_with_orders(pool).await;
    let admin = shop.admin();
    shop.tamper("UPDATE orders SET status = 'confirmed' WHERE number IN (1001, 1002)")
        .await;
    let list =
        async |query: &str| numbers(&shop.get(&admin, &format!("/api/v1/orders?{query}")).await);
    assert_eq!(list("status=confirmed").await, [1002, 1001]);
    assert_eq!(
        list(&format!("status=confirmed&user=usr_{}", one.id)).await,
        [1001]
    );
    assert_eq!(list(&format!("user={}", two.id)).await, [1002]);
    assert_eq!(
        list("from=2026-11-01T00:00:01Z&to=2026-11-01T00:00:03Z&sort=-created_at").await,
        [1003, 1002]
    );
    assert_eq!(
        list("status=pending&from=2026-11-01T00:00:03Z").await,
        [1004]
    );
    assert_eq!(
        numbers(
            &shop
                .get(&one, &format!("/api/v1/orders?user={}", one.id))
                .await
        )
        .len(),
        3
    );
    for (query, total) in [
        ("status=pending", 2),
        ("from=2026-11-01T00:00:01Z", 3),
        ("to=2026-11-01T00:00:01Z", 1),
    ] {
        let list = shop
            .get(
                &admin,
                &format!("/api/v1/orders?include_total=true&limit=1&{query}"),
            )
            .await;
        assert_eq!(list.body["page"]["total"]["value"], total, "{query}");
    }
    let foreign = shop
        .get(&one, &format!("/api/v1/orders?user={}", two.id))
        .await;
    assert_eq!(foreign.refusal(), (403, "forbidden"));
}

#[sqlx::test]
async fn pages_follow_one_another_without_gap_or_overlap(pool: PgPool) {
    let (shop, one, _) = shop_with_orders(pool).await;
    // At equal times the id decides.
    shop.execute("UPDATE orders SET created_at = '2026-11-01T00:00:00.123456Z'")
        .await;
    for person in [one, shop.admin()] {
        let all = numbers(&shop.get(&person, "/api/v1/orders").await);
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = shop
                .get(&person, &format!("/api/v1/orders?limit=1{cursor}"))
                .await;
            walked.extend(numbers(&page));
            let Value::String(next) = &page.body["page"]["next_cursor"] else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(walked, all);
        let second = shop
            .get(&person, "/api/v1/orders?limit=2&page=2&include_total=true")
            .await;
        assert_eq!(numbers(&second), all[2..]);
        assert_eq!(
            second.body["page"]["total"],
            serde_json::json!({ "value": all.len(), "relation": "eq" })
        );
    }
}

#[sqlx::test]
async fn bad_parameters_are_422(pool: PgPool) {
    let (shop, one, _) = shop_with_orders(pool).await;
    let page = shop.get(&one, "/api/v1/orders?limit=1").await;
    let cursor = page.body["page"]["next_cursor"].as_str().unwrap();
    // {"key":["+12345-01-01T00:00:00Z","ord_…"],"shape":"…"} would need the right shape; a year out of range is below.
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "page=0",
        "page=1&cursor=x",
        "cursor=x",
        "status=lost",
        "status=",
        "user=me",
        "from=yesterday",
        "to=%2B12345-01-01T00:00:00Z",
        "from=0000-01-01T00:00:00Z",
        "sort=total",
        "more=1",
        "status=%00",
        "include_total=maybe",
        &format!("status=pending&cursor={cursor}"),
    ] {
        assert_eq!(
            shop.get(&one, &format!("/api/v1/orders?{query}"))
                .await
                .status,
            422,
            "{query}"
        );
    }
}
