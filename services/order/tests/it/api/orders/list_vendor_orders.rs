//! `GET /vendor/orders`, and the filter by vendor of `GET /orders`.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Shop, order_of};

fn numbers(answer: &Answer) -> Vec<i64> {
    let orders = answer.body["data"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["number"].as_i64().unwrap())
        .collect()
}

/// Orders 1001 (mugs), 1002 (mugs and cups), 1003 (cups), 1004 (mugs).
async fn shop_with_orders(pool: PgPool) -> Shop {
    let shop = Shop::open(pool).await;
    for items in [
        &[("MUG-1", 2)][..],
        &[("CUP-1", 1), ("MUG-1", 3)],
        &[("CUP-1", 1)],
        &[("MUG-1", 1)],
    ] {
        shop.place(&shop.customer(), "a", &order_of(items)).await;
    }
    shop
}

#[sqlx::test]
async fn a_vendor_sees_the_own_lines_of_orders_and_nothing_else(pool: PgPool) {
    let shop = shop_with_orders(pool).await;
    let vendor = shop.vendor_of("MUG-1");
    let list = shop
        .get(&vendor, "/api/v1/vendor/orders?include_total=true")
        .await;
    assert_eq!(
        (numbers(&list), &list.body["page"]["total"]["value"]),
        (vec![1004, 1002, 1001], &json!(3))
    );
    let mixed = &list.body["data"][1];
    let skus: Vec<&Value> = mixed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["sku"])
        .collect();
    assert_eq!(skus, [&json!("MUG-1")]);
    assert_eq!(mixed["items_total"]["amount"], "29.97");
    for hidden in ["totals", "user_id"] {
        assert!(mixed.get(hidden).is_none(), "{hidden}");
    }
    assert_eq!(mixed["shipping_address"]["city"], "London");
    let none = shop
        .get(&shop.person(&[Role::Vendor]), "/api/v1/vendor/orders")
        .await;
    assert_eq!(none.body["data"], json!([]));
    for roles in [&[Role::Customer][..], &[Role::Admin], &[]] {
        let refused = shop.get(&shop.person(roles), "/api/v1/vendor/orders").await;
        assert_eq!(refused.refusal(), (403, "forbidden"));
    }
}

#[sqlx::test]
async fn pages_and_filters_work_for_vendors_too(pool: PgPool) {
    let shop = shop_with_orders(pool).await;
    let vendor = shop.vendor_of("MUG-1");
    shop.tamper("UPDATE orders SET status = 'confirmed' WHERE number IN (1001, 1003, 1004)")
        .await;
    shop.execute(
        "UPDATE orders SET created_at = created_at - interval '1 day' WHERE number = 1001",
    )
    .await;
    let list = async |query: &str| {
        shop.get(&vendor, &format!("/api/v1/vendor/orders?{query}"))
            .await
    };
    assert_eq!(numbers(&list("status=confirmed").await), [1004, 1001]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = list(&format!("limit=1{cursor}")).await;
        seen.extend(numbers(&page));
        let next = page.body["page"]["next_cursor"]
            .as_str()
            .unwrap_or_default();
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [1004, 1002, 1001]);
    assert_eq!(numbers(&list("limit=1&page=2").await), [1002]);
    let yesterday: String = sqlx::query_scalar(
        "SELECT to_char(now() - interval '1 hour', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(numbers(&list(&format!("to={yesterday}")).await), [1001]);
    assert_eq!(
        numbers(&list(&format!("from={yesterday}")).await),
        [1004, 1002]
    );
    for query in ["limit=0", "user=1", "status=x", "from=0000-01-01T00:00:00Z"] {
        assert_eq!(list(query).await.status, 422, "{query}");
    }
}

#[sqlx::test]
async fn orders_are_filtered_by_vendor(pool: PgPool) {
    let shop = shop_with_orders(pool).await;
    let (admin, vendor) = (shop.admin(), shop.product.vendor_of("CUP-1"));
    let list = shop
        .get(
            &admin,
            &format!("/api/v1/orders?vendor=usr_{vendor}&include_total=true"),
        )
        .await;
    assert_eq!(
        (numbers(&list), &list.body["page"]["total"]["value"]),
        (vec![1003, 1002], &json!(2))
    );
    assert_eq!(
        list.body["data"][1]["items"].as_array().unwrap().len(),
        2,
        "the whole order"
    );
    let user = list.body["data"][0]["user_id"].as_str().unwrap();
    let both = shop
        .get(
            &admin,
            &format!("/api/v1/orders?vendor={vendor}&user={user}&status=pending"),
        )
        .await;
    assert_eq!(numbers(&both), [1003]);
    let customer = shop.customer();
    let own = shop.place(&customer, "a", &order_of(&[("CUP-1", 1)])).await;
    let list = shop
        .get(&customer, &format!("/api/v1/orders?vendor={vendor}"))
        .await;
    assert_eq!(numbers(&list), [own.body["number"].as_i64().unwrap()]);
}
