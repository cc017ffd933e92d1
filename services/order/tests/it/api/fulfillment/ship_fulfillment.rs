//! `POST /fulfillments/{id}/ship`, `/deliver` and `/cancel`.

use access::Role;
use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::Shop;

#[sqlx::test]
async fn an_order_is_shipped_delivered_and_completed_parcel_by_parcel(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 2), ("CUP-1", 1)]).await;
    let (mugs, cups) = (shop.vendor_of("MUG-1"), shop.vendor_of("CUP-1"));
    let state = async || {
        let order = shop.order(&order).await;
        (
            order["status"].as_str().unwrap().to_owned(),
            order["fulfillment_status"].as_str().unwrap().to_owned(),
        )
    };
    let expect = |status: &str, fulfillment: &str| (status.to_owned(), fulfillment.to_owned());
    let first = shop.ship_all(&mugs, &order).await;
    assert_eq!(
        state().await,
        expect("confirmed", "unfulfilled"),
        "decided only"
    );
    shop.shipper().run_once().await.unwrap();
    assert_eq!(state().await, expect("confirmed", "partial"));
    let again = shop.step(&mugs, &first, "ship").await;
    assert_eq!(
        (again.status.as_u16(), &again.body["status"]),
        (202, &json!("shipped"))
    );
    for _ in 0..2 {
        let delivered = shop.step(&mugs, &first, "deliver").await;
        assert_eq!(
            (delivered.status.as_u16(), &delivered.body["status"]),
            (200, &json!("delivered"))
        );
        assert!(delivered.body["delivered_at"].is_string());
    }
    let second = shop.ship_all(&cups, &order).await;
    shop.shipper().run_once().await.unwrap();
    assert_eq!(state().await, expect("confirmed", "shipped"));
    assert_eq!(shop.step(&cups, &second, "deliver").await.status, 200);
    assert_eq!(state().await, expect("completed", "delivered"));
    let told: Vec<String> =
        sqlx::query_scalar("SELECT event_type FROM order_events ORDER BY version OFFSET 2")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(
        told,
        [
            "fulfillment.created",
            "fulfillment.shipping",
            "order.shipped",
            "fulfillment.delivered",
            "fulfillment.created",
            "fulfillment.shipping",
            "order.shipped",
            "order.delivered",
            "order.completed",
        ]
    );
    let named: Option<String> = sqlx::query_scalar(
        "SELECT data ->> 'fulfillment_id' FROM order_events WHERE event_type = 'order.delivered'",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(named, Some(second));
}

#[sqlx::test]
async fn steps_out_of_order_are_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (admin, order) = (shop.admin(), shop.confirmed(&[("MUG-1", 2)]).await);
    let parcel = shop.pack(&admin, &order, &json!({})).await;
    let refused = shop.step(&admin, &parcel, "deliver").await;
    assert_eq!(
        (refused.refusal(), &refused.body["current_status"]),
        ((409, "no_such_transition"), &json!("planned"))
    );
    for _ in 0..2 {
        assert_eq!(
            shop.step(&admin, &parcel, "cancel").await.body["status"],
            "cancelled"
        );
    }
    for verb in ["ship", "deliver"] {
        assert_eq!(
            shop.step(&admin, &parcel, verb).await.refusal(),
            (409, "no_such_transition"),
            "{verb}"
        );
    }
    // Its units are free again.
    let parcel = shop.ship_all(&admin, &order).await;
    for verb in ["cancel", "deliver"] {
        assert_eq!(
            shop.step(&admin, &parcel, verb).await.refusal(),
            (409, "no_such_transition"),
            "{verb}"
        );
    }
    shop.shipper().run_once().await.unwrap();
    assert_eq!(
        shop.step(&admin, &parcel, "cancel").await.refusal(),
        (409, "no_such_transition")
    );
    assert_eq!(shop.product.gone(order.uuid(), "MUG-1"), 2);
}

#[sqlx::test]
async fn an_unpaid_order_and_one_that_ended_ship_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (admin, order) = (shop.admin(), shop.confirmed(&[("MUG-1", 1)]).await);
    let parcel = shop.pack(&admin, &order, &json!({})).await;
    shop.tamper("UPDATE orders SET payment_status = 'authorized'")
        .await;
    assert_eq!(
        shop.step(&admin, &parcel, "ship").await.refusal(),
        (409, "not_paid")
    );
    shop.tamper("UPDATE orders SET payment_status = 'paid', status = 'cancelled', cancel_reason = 'shortfall'").await;
    assert_eq!(
        shop.step(&admin, &parcel, "ship").await.refusal(),
        (409, "order_not_confirmed")
    );
    assert_eq!(shop.shipper().run_once().await.unwrap(), 0);
}

#[sqlx::test]
async fn shipments_are_for_sellers_of_all_that_is_in_them(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (vendor, admin) = (shop.vendor_of("MUG-1"), shop.admin());
    let order = shop.confirmed(&[("MUG-1", 1), ("CUP-1", 1)]).await;
    let mixed = shop.pack(&admin, &order, &json!({})).await;
    let absent = "ful_01932c5e-7d2a-7c3e-9f00-0242ac120002";
    for verb in ["ship", "deliver", "cancel"] {
        for (person, id, status) in [
            (&vendor, mixed.as_str(), 404),
            (&shop.person(&[Role::Vendor]), mixed.as_str(), 404),
            (&shop.customer(), mixed.as_str(), 403),
            (&shop.person(&[]), mixed.as_str(), 403),
            (&admin, absent, 404),
            (&admin, "1", 404),
        ] {
            let refused = shop.step(person, id, verb).await;
            assert_eq!(refused.status.as_u16(), status, "{verb} {id}");
        }
    }
    assert_eq!(shop.step(&admin, &mixed, "ship").await.status, 202);
}
