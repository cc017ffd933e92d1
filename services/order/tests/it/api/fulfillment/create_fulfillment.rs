//! `POST /orders/{id}/fulfillments`, and the list.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Shop, order_of};

#[sqlx::test]
async fn vendors_pack_their_own_lines_and_customers_see_the_parcels(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop
        .place(&customer, "a", &order_of(&[("MUG-1", 3), ("CUP-1", 1)]))
        .await;
    shop.drive().await;
    let path = format!("/api/v1/orders/{}/fulfillments", order.id());
    let (mugs, cups) = (shop.vendor_of("MUG-1"), shop.vendor_of("CUP-1"));
    let tracking =
        json!({ "carrier": "Royal Mail", "number": "AB1", "url": "https://track.example/AB1" });
    let body = json!({ "items": [{ "sku": "mug-1", "quantity": 2 }], "tracking": tracking });
    let packed = shop.ask(&mugs, "POST", &path, &[], &body).await;
    assert_eq!(packed.status, 201, "{packed:?}");
    assert!(packed.id().starts_with("ful_"));
    assert_eq!(
        (
            &packed.body["status"],
            &packed.body["items"],
            &packed.body["tracking"],
            &packed.body["order_id"]
        ),
        (
            &json!("planned"),
            &json!([{ "sku": "MUG-1", "quantity": 2 }]),
            &tracking,
            &json!(order.id())
        )
    );
    let rest = shop.ask(&mugs, "POST", &path, &[], &json!({})).await;
    assert_eq!(
        rest.body["items"],
        json!([{ "sku": "MUG-1", "quantity": 1 }])
    );
    let none = shop.ask(&mugs, "POST", &path, &[], &json!({})).await;
    assert_eq!(none.refusal(), (409, "nothing_left"));
    let admin = shop.admin();
    let others = shop.ask(&admin, "POST", &path, &[], &json!({})).await;
    assert_eq!(
        others.body["items"],
        json!([{ "sku": "CUP-1", "quantity": 1 }])
    );

    let seen = async |person| {
        shop.get(person, &path).await.body["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((seen(&customer).await, seen(&admin).await), (3, 3));
    assert_eq!((seen(&mugs).await, seen(&cups).await), (2, 1));
    let order = shop
        .get(&customer, &format!("/api/v1/orders/{}", order.id()))
        .await;
    assert_eq!(order.headers["etag"], "\"5\"", "each parcel is a version");
}

#[sqlx::test]
async fn what_is_not_there_or_not_the_callers_is_not_packed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 3), ("CUP-1", 1)]).await;
    let path = format!("/api/v1/orders/{}/fulfillments", order.id());
    let vendor = shop.vendor_of("MUG-1");
    let items = |items: Value| json!({ "items": items });
    let line = |sku: &str, quantity: i64| json!({ "sku": sku, "quantity": quantity });
    let cases = [
        (items(json!([line("CUP-1", 1)])), "/items/0/sku"),
        (
            items(json!([line("MUG-1", 1), line("NONE", 1)])),
            "/items/1/sku",
        ),
        (items(json!([line("MUG-1", 4)])), "/items/0/quantity"),
        (
            items(json!([line("MUG-1", 2), line("MUG-1", 2)])),
            "/items/1/quantity",
        ),
        (items(json!([line("MUG-1", 0)])), "/items/0/quantity"),
        (items(json!([line("a b", 1)])), "/items/0/sku"),
        (items(json!([])), "/items"),
        (
            json!({ "tracking": { "url": "javascript:alert(1)" } }),
            "/tracking/url",
        ),
        (json!({ "tracking": { "number": " " } }), "/tracking/number"),
        (
            json!({ "tracking": { "carrier": "x".repeat(101) } }),
            "/tracking/carrier",
        ),
    ];
    for (body, pointer) in cases {
        let refused = shop.ask(&vendor, "POST", &path, &[], &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![pointer]),
            "{body}"
        );
    }
    let unknown = shop
        .ask(&vendor, "POST", &path, &[], &json!({ "weight": 1 }))
        .await;
    assert_eq!(unknown.status, 422);
    assert_eq!(
        shop.ask(&vendor, "POST", &path, &[], &Value::Null)
            .await
            .status,
        415
    );
    assert_eq!(
        (
            shop.count("fulfillments").await,
            shop.count("order_events").await
        ),
        (0, 2)
    );
}

#[sqlx::test]
async fn a_custom_role_reads_or_packs_as_far_as_its_permissions_reach(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 3), ("CUP-1", 1)]).await;
    let path = format!("/api/v1/orders/{}/fulfillments", order.id());
    let packer = shop.permitted("fulfillments:write");
    let packed = shop.ask(&packer, "POST", &path, &[], &json!({})).await;
    assert_eq!(packed.status, 201, "{packed:?}");
    assert_eq!(shop.get(&packer, &path).await.refusal(), (403, "forbidden"));
    let reader = shop.permitted("fulfillments:read");
    let read = shop.get(&reader, &path).await;
    assert_eq!(read.body["data"].as_array().unwrap().len(), 1, "{read:?}");
    let refused = shop.ask(&reader, "POST", &path, &[], &json!({})).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    // Nothing of the order is theirs.
    let own = shop.permitted("fulfillments:read:own orders:create:own fulfillments:write:own");
    assert_eq!(shop.get(&own, &path).await.refusal(), (404, "not_found"));
}

#[sqlx::test]
async fn only_confirmed_orders_are_packed_and_only_by_who_sells_them(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let path = format!("/api/v1/orders/{}/fulfillments", order.id());
    let pack = async |person| shop.ask(&person, "POST", &path, &[], &json!({})).await;
    let refused = pack(shop.admin()).await;
    assert_eq!(refused.refusal(), (409, "order_not_confirmed"));
    assert_eq!(refused.body["current_status"], "pending");
    shop.drive().await;
    assert_eq!(
        pack(shop.person(&[Role::Vendor])).await.refusal(),
        (404, "not_found")
    );
    assert_eq!(pack(customer).await.refusal(), (403, "forbidden"));
    for (person, status) in [
        (shop.customer(), 404),
        (shop.person(&[Role::Vendor]), 404),
        (shop.person(&[Role::Vendor, Role::Customer]), 404),
        (shop.person(&[]), 403),
    ] {
        assert_eq!(shop.get(&person, &path).await.status.as_u16(), status);
    }
    let absent = "/api/v1/orders/ord_01932c5e-7d2a-7c3e-9f00-0242ac120002/fulfillments";
    assert_eq!(shop.get(&shop.admin(), absent).await.status, 404);
    assert_eq!(
        shop.ask(&shop.admin(), "POST", absent, &[], &json!({}))
            .await
            .status,
        404
    );
}

#[sqlx::test]
async fn units_are_packed_once_also_by_several_at_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 5)]).await;
    let path = format!("/api/v1/orders/{}/fulfillments", order.id());
    let (vendor, body) = (
        shop.vendor_of("MUG-1"),
        json!({ "items": [{ "sku": "MUG-1", "quantity": 2 }] }),
    );
    let pack = || shop.ask(&vendor, "POST", &path, &[], &body);
    let (a, b, c, d) = tokio::join!(pack(), pack(), pack(), pack());
    let packed = [a, b, c, d]
        .iter()
        .filter(|answer| answer.status == 201)
        .count();
    assert!((1..=2).contains(&packed), "{packed} parcels");
    let allotted: i32 = sqlx::query_scalar("SELECT allotted FROM order_items")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(usize::try_from(allotted).unwrap(), packed * 2);
}
