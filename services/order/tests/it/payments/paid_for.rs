//! Nothing is shipped unpaid: the order decides whether it is paid for, whatever the state of a single payment.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{authorised, call, payment_of, place, send, settle},
    shop::{Answer, Person, Shop},
};

/// A confirmed order whose payment was refused later.
async fn with_refused_capture(shop: &Shop, customer: &Person) -> Answer {
    let order = place(shop, customer, Some("mock_capture_refused")).await;
    settle(shop).await;
    let state = shop.order(&order).await;
    assert_eq!(
        (&state["status"], &state["payment_status"]),
        (&json!("confirmed"), &json!("failed"))
    );
    order
}

async fn pay_again(shop: &Shop, customer: &Person, order: &Answer, method: &str) -> String {
    let body = json!({ "order_id": order.id(), "payment_method": method });
    let started = send(shop, customer, "/payments", Some(method), &body).await;
    assert_eq!(started.status, 201, "{started:?}");
    started.id().to_owned()
}

async fn give_up(shop: &Shop, customer: &Person, payment: &str) {
    let path = format!("/payments/{payment}/cancel");
    let cancelled = send(shop, customer, &path, Some("give-up"), &Value::Null).await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
    settle(shop).await;
}

/// The order can be neither shipped nor completed, whatever the role of the caller.
async fn nothing_leaves(shop: &Shop, order: &Answer) {
    let (admin, vendor) = (shop.admin(), shop.vendor_of("MUG-1"));
    let state = shop.order(order).await;
    let parcel = shop.pack(&admin, order, &json!({})).await;
    for person in [&admin, &vendor] {
        let refused = shop.step(person, &parcel, "ship").await;
        assert_eq!(refused.refusal(), (409, "not_paid"), "{state}");
    }
    assert_eq!(shop.shipper().run_once().await.unwrap(), 0);
    assert_eq!(shop.product.gone(order.uuid(), "MUG-1"), 0);
    let freed = shop.step(&admin, &parcel, "cancel").await;
    assert_eq!(freed.status, 200, "{freed:?}");
}

#[sqlx::test]
async fn an_order_whose_second_payment_is_given_up_ships_nothing(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = with_refused_capture(&shop, &customer).await;
    nothing_leaves(&shop, &order).await;
    let payment = pay_again(&shop, &customer, &order, "mock_ok").await;
    nothing_leaves(&shop, &order).await;
    give_up(&shop, &customer, &payment).await;
    assert_eq!(shop.order(&order).await["payment_status"], "unpaid");
    nothing_leaves(&shop, &order).await;
    // It can still be paid, and is shipped afterwards.
    pay_again(&shop, &customer, &order, "mock_twice").await;
    shop.execute("UPDATE mock_provider_operations SET result_at = now()")
        .await;
    settle(&shop).await;
    assert_eq!(shop.order(&order).await["payment_status"], "paid");
    shop.ship_all(&shop.admin(), &order).await;
    shop.shipper().run_once().await.unwrap();
    assert_eq!(shop.product.gone(order.uuid(), "MUG-1"), 1);
}

#[sqlx::test]
async fn money_that_is_only_set_aside_ships_nothing_nor_does_it_when_given_up(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let payment = authorised(&shop, &customer).await;
    let order = order_of(&shop, &payment).await;
    nothing_leaves(&shop, &order).await;
    give_up(&shop, &customer, payment["id"].as_str().unwrap()).await;
    assert_eq!(shop.order(&order).await["payment_status"], "unpaid");
    nothing_leaves(&shop, &order).await;
}

#[sqlx::test]
async fn an_unpaid_order_that_left_all_the_same_is_not_completed(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = with_refused_capture(&shop, &customer).await;
    let payment = pay_again(&shop, &customer, &order, "mock_ok").await;
    give_up(&shop, &customer, &payment).await;
    // As the previous release shipped it.
    let parcel = shop.pack(&shop.admin(), &order, &json!({})).await;
    shop.tamper("UPDATE fulfillments SET status = 'shipped'")
        .await;
    shop.tamper("UPDATE order_items SET shipped = quantity")
        .await;
    shop.tamper("UPDATE orders SET fulfillment_status = 'shipped'")
        .await;
    let path = format!("/orders/{}/status", order.id());
    let body = json!({ "status": "completed" });
    let (admin, headers) = (shop.admin(), [("if-match", "*")]);
    let completed = shop
        .ask(&admin, "PUT", &format!("/api/v1{path}"), &headers, &body)
        .await;
    assert_eq!(completed.refusal(), (409, "not_paid"), "{completed:?}");
    assert_eq!(shop.step(&admin, &parcel, "deliver").await.status, 200);
    let state = shop.order(&order).await;
    assert_eq!(
        (&state["status"], &state["fulfillment_status"]),
        (&json!("confirmed"), &json!("delivered")),
        "it still owes"
    );
    // It may still be paid.
    pay_again(&shop, &customer, &order, "mock_unknown").await;
    settle(&shop).await;
    let paid = payment_of(&shop, &customer, &order).await;
    assert_eq!(paid["status"], "captured", "{paid}");
    let completed = call(
        &shop,
        Method::GET,
        &admin,
        &format!("/orders/{}", order.id()),
        None,
        &Value::Null,
    )
    .await;
    assert_eq!(completed.body["payment_status"], "paid");
}

async fn order_of(shop: &Shop, payment: &Value) -> Answer {
    let path = format!("/api/v1/orders/{}", payment["order_id"].as_str().unwrap());
    shop.get(&shop.admin(), &path).await
}
