//! Paid orders: every response of a provider and lost ones, a cancellation at every moment, payment windows that end,
//! holds that are lost, and workers that die in between.

use std::time::Duration;

use axum::http::StatusCode;
use order::saga::{
    model::{Action, Progress, Queue},
    ports::Sagas,
};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{pay, payment_of, place, results_arrive, send, with_late_results},
    product::Fault,
    shop::{Answer, Person, Shop, order_of},
};

async fn read(shop: &Shop, person: &Person, order: &Answer) -> Value {
    let path = format!("/api/v1/orders/{}", order.id());
    shop.get(person, &path).await.body
}

/// Status, payment status, cancel reason.
async fn state(shop: &Shop, person: &Person, order: &Answer) -> [String; 3] {
    let order = read(shop, person, order).await;
    ["status", "payment_status", "cancel_reason"]
        .map(|name| order[name].as_str().unwrap_or_default().to_owned())
}

async fn cancel(shop: &Shop, person: &Person, order: &Answer) {
    let path = format!("/orders/{}/cancel", order.id());
    let wanted = send(shop, person, &path, Some("cancel"), &Value::Null).await;
    assert_eq!(wanted.status, 202, "{wanted:?}");
}

/// Everything is consistent: each database, and the payments with the provider's ledger.
async fn books_agree(shop: &Shop) {
    let mut wrong = shop.findings().await;
    // The stand-in for product releases and loses whole holds only.
    wrong.retain(|finding| !finding.code.starts_with("hold_"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn types(shop: &Shop) -> Vec<String> {
    sqlx::query_scalar("SELECT event_type FROM order_events ORDER BY order_id, version")
        .fetch_all(&shop.pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_paid_order_is_held_authorised_committed_captured(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let (order, payment) = pay(&shop, &customer, "mock_ok").await;
    assert_eq!(payment["status"], "captured");
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
    assert_eq!(
        types(&shop).await,
        [
            "order.created",
            "payment.authorized",
            "order.confirmed",
            "payment.captured",
            "order.paid"
        ]
    );
    assert_eq!(shop.product.holds()[0].state, "committed");
    assert_eq!(shop.product.calls("extend").len(), 1);
    books_agree(&shop).await;
}

#[sqlx::test]
async fn an_unpaid_order_waits_and_is_paid_later(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    assert!(order.body["pay_by"].is_string());
    shop.drive_out().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["pending", "unpaid", ""]
    );
    let waits = "sagas WHERE step = 'wait' AND due_at > now() + interval '14 minutes' AND deadline > due_at";
    assert_eq!(shop.count(waits).await, 1);
    let body = json!({ "order_id": order.id(), "payment_method": "mock_ok" });
    let started = send(&shop, &customer, "/payments", Some("a"), &body).await;
    assert_eq!(started.status, 201, "{started:?}");
    shop.drive_out().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
    books_agree(&shop).await;
}

#[sqlx::test]
async fn an_order_that_is_not_paid_expires(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    let (declined, _) = pay(&shop, &customer, "mock_declined").await;
    assert_eq!(
        state(&shop, &customer, &declined).await,
        ["pending", "failed", ""],
        "it can be paid otherwise"
    );
    shop.tamper("UPDATE orders SET pay_by = now() - interval '1 second'")
        .await;
    let body = json!({ "order_id": order.id(), "payment_method": "mock_ok" });
    let late = send(&shop, &customer, "/payments", Some("late"), &body).await;
    assert_eq!(late.refusal(), (409, "order_not_payable"));
    shop.execute("UPDATE sagas SET due_at = now()").await;
    shop.drive_out().await;
    for (order, payment) in [(&order, "unpaid"), (&declined, "failed")] {
        assert_eq!(
            state(&shop, &customer, order).await,
            ["cancelled", payment, "expired"]
        );
    }
    assert_eq!(shop.product.available("MUG-1"), 100);
    assert_eq!(
        shop.count("order_events WHERE event_type = 'order.expired'")
            .await,
        2
    );
    books_agree(&shop).await;
}

#[sqlx::test]
async fn a_payment_whose_answer_is_lost_is_looked_up_and_charged_once(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_unknown")).await;
    shop.drive_queue(Queue::Stock).await;
    shop.drive_queue(Queue::Money).await;
    assert_eq!(
        shop.count("payments WHERE asked AND status = 'pending'")
            .await,
        1
    );
    for _ in 0..3 {
        shop.drive_on().await;
    }
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
    let charges = "mock_provider_operations WHERE kind = 'authorise'";
    assert_eq!(shop.count(charges).await, 1);
    books_agree(&shop).await;
}

#[sqlx::test]
async fn a_late_result_is_found_by_polling(pool: PgPool) {
    let shop = with_late_results(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_late")).await;
    shop.drive_queue(Queue::Stock).await;
    shop.drive_queue(Queue::Money).await;
    assert_eq!(
        payment_of(&shop, &customer, &order).await["status"],
        "pending"
    );
    let waits = "sagas WHERE step = 'authorise' AND finished_at IS NULL AND attempts = 1";
    assert_eq!(shop.count(waits).await, 1);
    results_arrive(&shop).await;
    shop.drive_on().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
    books_agree(&shop).await;
}

#[sqlx::test]
async fn a_payment_that_never_has_a_result_is_given_up(pool: PgPool) {
    let shop = with_late_results(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_late")).await;
    shop.drive_queue(Queue::Stock).await;
    shop.drive_queue(Queue::Money).await;
    shop.tamper("UPDATE orders SET pay_by = now() - interval '10 minutes'")
        .await;
    shop.drive_on().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["cancelled", "unpaid", "expired"]
    );
    let payment = payment_of(&shop, &customer, &order).await;
    assert_eq!(payment["status"], "voided");
    // The provider's result still arrives.
    results_arrive(&shop).await;
    books_agree(&shop).await;
}

#[sqlx::test]
async fn a_lost_hold_costs_the_customer_nothing(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_ok")).await;
    shop.drive_queue(Queue::Stock).await;
    shop.drive_queue(Queue::Money).await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["pending", "authorized", ""]
    );
    shop.product.end_holds("lost");
    shop.drive_out().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["cancelled", "unpaid", "shortfall"]
    );
    assert_eq!(
        shop.count("mock_provider_ledger WHERE voided AND captured_minor = 0")
            .await,
        1
    );
    books_agree(&shop).await;
}

#[sqlx::test]
async fn an_order_may_be_cancelled_after_any_number_of_rounds(pool: PgPool) {
    let shop = with_late_results(pool).await;
    let customer = shop.customer();
    for rounds in 0..8 {
        for method in ["mock_ok", "mock_unknown", "mock_late", "mock_declined"] {
            let order = place(&shop, &customer, Some(method)).await;
            for round in 0..rounds {
                let queue = if round % 2 == 0 {
                    Queue::Stock
                } else {
                    Queue::Money
                };
                shop.execute("UPDATE sagas SET due_at = now() WHERE finished_at IS NULL")
                    .await;
                shop.drive_queue(queue).await;
            }
            cancel_with(&shop, &customer, &order, &format!("{method}-{rounds}")).await;
            for _ in 0..3 {
                results_arrive(&shop).await;
                shop.drive_on().await;
            }
            let [status, payment, reason] = state(&shop, &customer, &order).await;
            assert_eq!(
                (status.as_str(), reason.as_str()),
                ("cancelled", "requested")
            );
            assert!(
                ["unpaid", "refunded", "failed"].contains(&payment.as_str()),
                "{method} after {rounds} rounds: {payment}"
            );
        }
    }
    assert_eq!(shop.product.available("MUG-1"), 100);
    assert_eq!(shop.count("sagas WHERE finished_at IS NULL").await, 0);
    books_agree(&shop).await;
}

async fn cancel_with(shop: &Shop, person: &Person, order: &Answer, key: &str) {
    let path = format!("/orders/{}/cancel", order.id());
    let wanted = send(shop, person, &path, Some(key), &Value::Null).await;
    assert_eq!(wanted.status, 202, "{wanted:?}");
}

#[sqlx::test]
async fn a_worker_that_died_with_the_providers_answer_is_made_up_for(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_ok")).await;
    shop.drive_queue(Queue::Stock).await;
    // The charge is made, and the response is lost with the worker.
    let sagas = shop.sagas();
    let dead = sagas
        .take(Queue::Money, 10, Duration::from_secs(10))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(dead.item.next(), Action::Authorise);
    let reference = shop.charge(&dead).await;
    shop.execute("UPDATE sagas SET due_at = now()").await;
    shop.drive_out().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
    let late = Progress::of(dead).authorised(reference).unwrap();
    sagas.settle(&[late.settlement()]).await.unwrap();
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
    books_agree(&shop).await;
}

#[sqlx::test]
async fn an_intent_between_call_and_write_is_not_lost(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_ok")).await;
    shop.drive_queue(Queue::Stock).await;
    let sagas = shop.sagas();
    let turn = sagas
        .take(Queue::Money, 10, Duration::from_secs(10))
        .await
        .unwrap()
        .remove(0);
    let reference = shop.charge(&turn).await;
    cancel(&shop, &customer, &order).await;
    let written = Progress::of(turn).authorised(reference).unwrap();
    let settled = sagas.settle(&[written.settlement()]).await.unwrap();
    assert_eq!(settled, [order::saga::model::Settled::OrderChanged]);
    shop.drive_out().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["cancelled", "unpaid", "requested"]
    );
    assert_eq!(shop.count("mock_provider_ledger WHERE voided").await, 1);
    books_agree(&shop).await;
}

#[sqlx::test]
async fn while_product_is_in_trouble_no_customer_is_charged(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, Some("mock_ok")).await;
    shop.product
        .next(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE));
    shop.drive_out().await;
    assert_eq!(shop.count("mock_provider_operations").await, 0);
    shop.product.next(Fault::LoseAnswer);
    shop.drive_on().await;
    assert_eq!(shop.count("mock_provider_operations").await, 0);
    shop.drive_on().await;
    assert_eq!(
        state(&shop, &customer, &order).await,
        ["confirmed", "paid", ""]
    );
}

#[sqlx::test]
async fn a_customer_leaves_only_so_many_orders_unpaid(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(place(&shop, &customer, None).await);
    }
    let body = order_of(&[("MUG-1", 1)]);
    let sixth = shop.place(&customer, "six", &body).await;
    assert_eq!(sixth.refusal(), (429, "too_many_requests"));
    assert!(sixth.headers.contains_key("retry-after"));
    place(&shop, &shop.customer(), None).await;
    cancel(&shop, &customer, &orders[0]).await;
    shop.drive_out().await;
    assert_eq!(shop.place(&customer, "six", &body).await.status, 201);
}

#[sqlx::test]
async fn an_order_without_an_offered_method_is_refused(pool: PgPool) {
    let mut body = order_of(&[("MUG-1", 1)]);
    body["payment_method"] = json!("gold_coins");
    for shop in [
        Shop::with_payments(pool.clone()).await,
        Shop::open(pool.clone()).await,
    ] {
        let refused = shop.place(&shop.customer(), "a", &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec!["/payment_method"])
        );
        assert!(shop.product.holds().is_empty());
    }
}

#[sqlx::test]
async fn what_a_worker_of_the_release_before_ended_is_taken_up_again(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let (paid, _) = pay(&shop, &customer, "mock_ok").await;
    cancel(&shop, &customer, &paid).await;
    let unpaid = place(&shop, &customer, None).await;
    shop.drive_queue(Queue::Stock).await;
    shop.tamper("UPDATE sagas SET finished_at = now()").await;
    shop.tamper("UPDATE orders SET pay_by = now() - interval '1 second' WHERE pay_by > now() AND payment_status = 'unpaid'")
        .await;
    assert_eq!(shop.sagas().reopen_unsettled().await.unwrap(), 2);
    shop.drive_out().await;
    assert_eq!(
        state(&shop, &customer, &paid).await,
        ["cancelled", "refunded", "requested"]
    );
    assert_eq!(
        state(&shop, &customer, &unpaid).await,
        ["cancelled", "unpaid", "expired"]
    );
    assert_eq!(shop.sagas().reopen_unsettled().await.unwrap(), 0);
    books_agree(&shop).await;
}

#[sqlx::test]
async fn several_workers_in_both_queues_do_each_thing_once(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let mut orders = Vec::new();
    for _ in 0..12 {
        let customer = shop.customer();
        orders.push((place(&shop, &customer, Some("mock_ok")).await, customer));
    }
    let work = || async {
        for _ in 0..12 {
            shop.drive_queue(Queue::Stock).await;
            shop.drive_queue(Queue::Money).await;
        }
    };
    tokio::join!(work(), work(), work());
    shop.drive_out().await;
    for (order, customer) in &orders {
        assert_eq!(
            state(&shop, customer, order).await,
            ["confirmed", "paid", ""]
        );
    }
    assert_eq!(
        shop.count("mock_provider_operations WHERE kind = 'capture'")
            .await,
        12
    );
    books_agree(&shop).await;
}
