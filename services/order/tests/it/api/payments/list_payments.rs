//! `GET /payments`.

use access::Role;
use serde_json::Value;
use sqlx::PgPool;

use crate::support::{
    payments::{pay, place},
    shop::{Answer, Shop},
};

fn ids(list: &Answer) -> Vec<&str> {
    assert_eq!(list.status, 200, "{list:?}");
    let data = list.body["data"].as_array().unwrap();
    data.iter()
        .map(|payment| payment["id"].as_str().unwrap())
        .collect()
}

fn id(payment: &Value) -> &str {
    payment["id"].as_str().unwrap()
}

#[sqlx::test]
async fn customers_see_their_own_and_admins_all_newest_first(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (one, two, admin) = (shop.customer(), shop.customer(), shop.admin());
    let (_, first) = pay(&shop, &one, "mock_ok").await;
    let (_, foreign) = pay(&shop, &two, "mock_ok").await;
    let (_, last) = pay(&shop, &one, "mock_declined").await;
    place(&shop, &one, None).await;
    let own = shop.get(&one, "/api/v1/payments?include_total=true").await;
    assert_eq!(ids(&own), [id(&last), id(&first)]);
    assert_eq!(own.body["page"]["total"]["value"], 2);
    let all = shop.get(&admin, "/api/v1/payments?sort=-created_at").await;
    assert_eq!(ids(&all), [id(&last), id(&foreign), id(&first)]);

    let foreign_user = format!("/api/v1/payments?user=usr_{}", two.id);
    assert_eq!(
        shop.get(&one, &foreign_user).await.refusal(),
        (403, "forbidden")
    );
    assert_eq!(ids(&shop.get(&admin, &foreign_user).await), [id(&foreign)]);
    let foreign_order = format!(
        "/api/v1/payments?order={}",
        foreign["order_id"].as_str().unwrap()
    );
    assert!(ids(&shop.get(&one, &foreign_order).await).is_empty());
    assert_eq!(ids(&shop.get(&admin, &foreign_order).await), [id(&foreign)]);
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(
        shop.get(&vendor, "/api/v1/payments").await.refusal(),
        (403, "forbidden")
    );
}

#[sqlx::test]
async fn filters_narrow_and_the_cursor_walks(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut paid = Vec::new();
    for _ in 0..3 {
        paid.push(pay(&shop, &customer, "mock_ok").await.1);
    }
    let (_, failed) = pay(&shop, &customer, "mock_declined").await;
    for person in [&customer, &admin] {
        let list = shop.get(person, "/api/v1/payments?status=failed").await;
        assert_eq!(ids(&list), [id(&failed)]);
        let path = format!(
            "/api/v1/payments?from={}&status=captured&include_total=true",
            paid[1]["created_at"].as_str().unwrap()
        );
        let list = shop.get(person, &path).await;
        assert_eq!(ids(&list), [id(&paid[2]), id(&paid[1])]);
        assert_eq!(list.body["page"]["total"]["value"], 2);
        let path = format!(
            "/api/v1/payments?to={}",
            paid[1]["created_at"].as_str().unwrap()
        );
        assert_eq!(ids(&shop.get(person, &path).await), [id(&paid[0])]);

        let first = shop.get(person, "/api/v1/payments?limit=3").await;
        assert_eq!(ids(&first), [id(&failed), id(&paid[2]), id(&paid[1])]);
        let cursor = first.body["page"]["next_cursor"].as_str().unwrap();
        let path = format!("/api/v1/payments?limit=3&cursor={cursor}");
        let second = shop.get(person, &path).await;
        assert_eq!(ids(&second), [id(&paid[0])]);
        assert_eq!(second.body["page"]["has_more"], false);
        let other = format!("/api/v1/payments?status=failed&cursor={cursor}");
        assert_eq!(shop.get(person, &other).await.pointers(), ["cursor"]);
        let page = shop.get(person, "/api/v1/payments?limit=3&page=2").await;
        assert_eq!(ids(&page), [id(&paid[0])]);
    }
    for bad in [
        "status=paid",
        "order=pay_1",
        "user=1",
        "sort=amount",
        "limit=0",
        "from=yesterday",
        "colour=red",
    ] {
        let path = format!("/api/v1/payments?{bad}");
        assert_eq!(shop.get(&customer, &path).await.status, 422, "{bad}");
    }
}

/// Each filter finds its rows by an index, whatever the size of the table.
#[sqlx::test]
async fn no_filter_reads_the_whole_table(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    for statement in [
        "INSERT INTO orders (id, user_id, currency, items_minor, total_minor, shipping_address)
         SELECT gen_random_uuid(), gen_random_uuid(), 'USD', 1, 1, '{}' FROM generate_series(1, 3000)",
        "INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor, status, created_at)
         SELECT gen_random_uuid(), id, user_id, 'mock', 'mock_ok', 'automatic', 'USD', 1, 'failed',
                now() - random() * interval '100 days' FROM orders",
        "ANALYZE payments",
    ] {
        shop.tamper(statement).await;
    }
    for filter in [
        "user_id = gen_random_uuid()",
        "order_id = '01932c5e-7d2a-7c3e-9f00-0242ac120002'",
        "status = 'captured'",
        "true",
    ] {
        let filter = filter.replace(
            "gen_random_uuid()",
            "'01932c5e-7d2a-7c3e-9f00-0242ac120002'",
        );
        let query = format!(
            "EXPLAIN SELECT id FROM payments WHERE {filter} ORDER BY created_at DESC, id DESC LIMIT 20"
        );
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_all(&shop.pool)
            .await
            .unwrap();
        assert!(
            plan.iter().all(|line| !line.contains("Seq Scan")),
            "{filter}: {plan:#?}"
        );
    }
}
