//! `GET /orders/{id}`.

use access::Role;
use axum::{body::Body, http::Request};
use sqlx::PgPool;

use crate::support::shop::{Shop, order_of};

#[sqlx::test]
async fn an_order_is_seen_by_its_customer_and_by_admins(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let placed = shop
        .place(&customer, "a", &order_of(&[("MUG-1", 1), ("CUP-1", 3)]))
        .await;
    let path = format!("/api/v1/orders/{}", placed.id());
    for person in [&customer, &shop.admin()] {
        let read = shop.get(person, &path).await;
        assert_eq!((read.status.as_u16(), &read.body), (200, &placed.body));
        assert_eq!(read.headers["etag"], "\"1\"");
    }
    assert_eq!(
        shop.get(&customer, &format!("/orders/{}", placed.uuid()))
            .await
            .body,
        placed.body,
        "the bare UUID too"
    );
    assert_eq!(
        shop.get(&stranger, &path).await.refusal(),
        (404, "not_found")
    );
    assert_eq!(
        shop.get(&shop.person(&[Role::Vendor]), &path)
            .await
            .refusal(),
        (404, "not_found"),
        "none of its lines is this vendor's"
    );
    let anonymous = shop
        .send(Request::get(&path).body(Body::empty()).unwrap())
        .await;
    assert_eq!(anonymous.refusal(), (401, "token_missing"));
}

#[sqlx::test]
async fn a_vendor_sees_the_own_lines_of_an_order_as_in_the_list(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = order_of(&[("CUP-1", 1), ("MUG-1", 3)]);
    let placed = shop.place(&shop.customer(), "a", &order).await;
    let path = format!("/api/v1/orders/{}", placed.id());
    let vendor = shop.vendor_of("MUG-1");
    let read = shop.get(&vendor, &path).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(read.body["items"][0]["sku"], "MUG-1");
    let list = shop.get(&vendor, "/api/v1/vendor/orders").await;
    assert_eq!(read.body, list.body["data"][0]);
    assert_eq!(read.headers["etag"], "\"1\"");
}

#[sqlx::test]
async fn what_is_no_order_is_404(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    for id in [
        "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "prd_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "1",
        "%00",
        "ord_",
    ] {
        assert_eq!(
            shop.get(&admin, &format!("/api/v1/orders/{id}"))
                .await
                .refusal(),
            (404, "not_found"),
            "{id}"
        );
    }
}
