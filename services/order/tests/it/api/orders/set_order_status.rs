//! `PUT /orders/{id}/status`.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, order_of};

const ANY: [(&str, &str); 1] = [("if-match", "*")];

async fn set(shop: &Shop, person: &Person, order: &str, status: &str) -> Answer {
    let path = format!("/api/v1/orders/{order}/status");
    shop.ask(person, "PUT", &path, &ANY, &json!({ "status": status }))
        .await
}

#[sqlx::test]
async fn a_shipped_order_is_completed_by_its_vendor_or_an_admin(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let own = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let mixed = shop
        .place(&customer, "b", &order_of(&[("MUG-1", 1), ("CUP-1", 1)]))
        .await;
    shop.drive().await;
    let (vendor, admin) = (shop.vendor_of("MUG-1"), shop.admin());
    let refused = set(&shop, &admin, own.id(), "completed").await;
    assert_eq!(refused.refusal(), (409, "not_shipped"));
    shop.tamper("UPDATE orders SET fulfillment_status = 'shipped', payment_status = 'authorized'")
        .await;
    let refused = set(&shop, &admin, own.id(), "completed").await;
    assert_eq!(refused.refusal(), (409, "not_paid"));
    shop.tamper("UPDATE orders SET payment_status = 'paid'")
        .await;

    for person in [&vendor, &admin] {
        let done = set(&shop, person, own.id(), "completed").await;
        assert_eq!(
            (done.status.as_u16(), &done.body["status"]),
            (200, &json!("completed")),
            "{done:?}"
        );
        assert_eq!(
            done.headers["etag"], "\"3\"",
            "the second time changed nothing"
        );
    }
    let refused = set(&shop, &vendor, mixed.id(), "completed").await;
    assert_eq!(
        refused.refusal(),
        (403, "forbidden"),
        "the cups are not the vendor's"
    );
    assert_eq!(
        set(&shop, &admin, mixed.id(), "completed").await.status,
        200
    );
    let told: Vec<(String, Value)> = sqlx::query_as(
        "SELECT actor, data -> 'status' FROM order_events WHERE event_type = 'order.completed' ORDER BY order_id",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(
        told,
        [
            ("vendor".to_owned(), json!("completed")),
            ("admin".to_owned(), json!("completed"))
        ]
    );
}

#[sqlx::test]
async fn every_other_transition_has_its_own_endpoint(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    for status in ["confirmed", "cancelled", "completed"] {
        let refused = set(&shop, &admin, order.id(), status).await;
        assert_eq!(refused.refusal(), (409, "no_such_transition"), "{status}");
    }
    assert_eq!(set(&shop, &admin, order.id(), "pending").await.status, 200);
    shop.drive().await;
    for status in ["pending", "cancelled"] {
        let refused = set(&shop, &admin, order.id(), status).await;
        assert_eq!(refused.refusal(), (409, "no_such_transition"), "{status}");
    }
    let refused = set(&shop, &admin, order.id(), "lost").await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/status"])
    );
    let path = format!("/api/v1/orders/{}/status", order.id());
    let body = json!({ "status": "confirmed" });
    let missing = shop.ask(&admin, "PUT", &path, &[], &body).await;
    assert_eq!(missing.refusal(), (428, "if_match_required"));
    let stale = shop
        .ask(&admin, "PUT", &path, &[("if-match", "\"1\"")], &body)
        .await;
    assert_eq!(stale.refusal(), (412, "precondition_failed"));
}

#[sqlx::test]
async fn customers_and_strange_vendors_do_not_set_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    assert_eq!(
        set(&shop, &customer, order.id(), "completed")
            .await
            .refusal(),
        (403, "forbidden")
    );
    let stranger = shop.person(&[Role::Vendor]);
    assert_eq!(
        set(&shop, &stranger, order.id(), "completed")
            .await
            .refusal(),
        (404, "not_found")
    );
    let absent = "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002";
    assert_eq!(
        set(&shop, &shop.admin(), absent, "completed")
            .await
            .refusal(),
        (404, "not_found")
    );
}
