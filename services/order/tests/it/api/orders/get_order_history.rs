//! `GET /orders/{id}/history`.

use access::Role;
use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::{Shop, order_of};

#[sqlx::test]
async fn every_version_is_told_to_the_customer_and_to_admins(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let placed = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let path = format!("/api/v1/orders/{}", placed.id());
    let changed = json!({ "note": "Ring twice." });
    let any = [("if-match", "*")];
    shop.ask(&admin, "PATCH", &path, &any, &changed).await;
    shop.drive_out().await;

    let history = format!("{path}/history");
    let told = shop.get(&customer, &history).await;
    assert_eq!(told.status, 200, "{told:?}");
    let entries: Vec<_> = told.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (
                &event["version"],
                &event["type"],
                &event["actor"],
                &event["actor_id"],
            )
        })
        .map(|event| json!([event.0, event.1, event.2, event.3]))
        .collect();
    let own = format!("usr_{}", customer.id);
    assert_eq!(
        entries,
        [
            json!([1, "order.created", "customer", own]),
            json!([2, "order.updated", "admin", null]),
            json!([3, "order.confirmed", "system", null]),
        ]
    );
    let data = &told.body["data"][1]["data"];
    assert_eq!(
        (&data["changed"], &data["status"]),
        (&json!(["note"]), &json!("pending"))
    );

    let all = shop.get(&admin, &history).await;
    assert_eq!(all.body["data"][1]["actor_id"], format!("usr_{}", admin.id));
    let first = shop.get(&admin, &format!("{history}?limit=2")).await;
    assert_eq!(first.body["data"].as_array().unwrap().len(), 2);
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap();
    for next in [
        format!("limit=2&cursor={cursor}"),
        "limit=2&page=2".to_owned(),
    ] {
        let rest = shop.get(&admin, &format!("{history}?{next}")).await;
        assert_eq!(rest.body["data"], json!([all.body["data"][2]]), "{next}");
    }
}

#[sqlx::test]
async fn the_history_of_an_order_is_for_its_customer_and_admins(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let placed = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    let path = format!("/api/v1/orders/{}/history", placed.id());
    assert_eq!(
        shop.get(&shop.customer(), &path).await.refusal(),
        (404, "not_found")
    );
    assert_eq!(
        shop.get(&shop.person(&[Role::Vendor]), &path)
            .await
            .refusal(),
        (403, "forbidden")
    );
    let absent = "/api/v1/orders/ord_01932c5e-7d2a-7c3e-9f00-0242ac120002/history";
    assert_eq!(
        shop.get(&shop.admin(), absent).await.refusal(),
        (404, "not_found")
    );
    for query in [
        "limit=0",
        "page=0",
        "cursor=x",
        "include_total=true",
        "since=1",
    ] {
        let refused = shop.get(&shop.admin(), &format!("{path}?{query}")).await;
        assert_eq!(refused.status, 422, "{query}");
    }
}
