//! A slow provider: every response is written, no payment is requested twice, and a saga without progress is reported
//! as stuck.

use std::time::Duration;

use axum::http::StatusCode;
use db::testing::within;
use order::saga::{model::Queue, ports::Sagas};
use serde_json::Value;
use sqlx::PgPool;

use crate::support::{
    payments::place,
    product::Fault,
    shop::{Shop, at_the_mock},
};

const PAYMENTS: usize = 300;
const POLL: Duration = Duration::from_millis(50);

#[sqlx::test]
async fn three_hundred_slow_payments_and_two_workers_come_to_an_end(pool: PgPool) {
    let mut settings = at_the_mock();
    settings.mock.mock_slow_ms = 2_000;
    let shop = Shop::paid(pool, &settings).await;
    shop.product.restock("MUG-1", 1_000);
    let mut customers = Vec::new();
    for _ in 0..PAYMENTS {
        let customer = shop.customer();
        place(&shop, &customer, Some("mock_slow")).await;
        customers.push(customer);
    }
    let (_one, _two) = (shop.start_work(POLL), shop.start_work(POLL));
    within(Duration::from_mins(3), "all are paid", async || {
        shop.count("orders WHERE payment_status = 'paid'").await == i64::try_from(PAYMENTS).unwrap()
    })
    .await;
    // A discarded response would have caused a lookup, and `asked`; no payment was requested twice.
    assert_eq!(
        shop.count("payments WHERE captured_minor = amount_minor")
            .await,
        300
    );
    assert_eq!(
        shop.count("mock_provider_ledger WHERE captures = 1").await,
        300
    );
    assert_eq!(
        shop.count("sagas WHERE fence > 12").await,
        0,
        "no saga was taken again and again"
    );
}

#[sqlx::test]
async fn an_answer_is_written_as_it_comes_and_waits_for_no_slower_one(pool: PgPool) {
    let mut settings = at_the_mock();
    settings.mock.mock_slow_ms = 2_000;
    let shop = Shop::paid(pool, &settings).await;
    for method in ["mock_slow", "mock_ok"] {
        place(&shop, &shop.customer(), Some(method)).await;
    }
    shop.drive_queue(Queue::Stock).await;
    shop.drive_queue(Queue::Money).await;
    let apart: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM max(updated_at) - min(updated_at))::float8
         FROM payments WHERE status = 'authorized'",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(shop.count("payments WHERE status = 'authorized'").await, 2);
    assert!(apart > 0.5, "written together: {apart} s apart");
}

#[sqlx::test]
async fn a_saga_that_does_not_come_further_is_stuck_long_before_its_deadline(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    // One waits for its customer, one for its provider, and one for product, which fails.
    place(&shop, &customer, None).await;
    let late = place(&shop, &customer, Some("mock_late")).await;
    shop.drive_queue(Queue::Stock).await;
    let lost = place(&shop, &customer, Some("mock_ok")).await;
    shop.product
        .next(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE));
    shop.drive_queue(Queue::Stock).await;
    shop.execute("UPDATE sagas SET progressed_at = now() - interval '3 minutes'")
        .await;
    assert_eq!(
        shop.count("stuck_sagas").await,
        2,
        "waiting for a customer is no trouble"
    );
    shop.drive_queue(Queue::Money).await;
    let stuck: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT order_id FROM stuck_sagas")
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    assert_eq!(
        stuck,
        [lost.uuid()],
        "the provider says that it is at work on {}",
        late.id()
    );
    assert_eq!(shop.sagas().backlog().await.unwrap().stuck, 1);
    let seen = shop.get(&shop.admin(), "/api/v1/sagas?stuck=true").await;
    let ids: Vec<&Value> = seen.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|saga| &saga["stuck"])
        .collect();
    assert_eq!(ids, [&Value::Bool(true)], "{seen:?}");
    // Product works again, so the saga continues.
    shop.drive_on().await;
    assert_eq!(shop.count("stuck_sagas").await, 0);
}
