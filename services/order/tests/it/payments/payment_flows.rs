//! Payments from the order to the provider's ledger, by each method of the mock, with the sagas running as they do in
//! `serve` and `work`.

use std::{path::Path, time::Duration};

use clock::Clock;
use db::testing::eventually;
use order::payments::providers::{MockWebhooks, PaymentSettings};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::watch};

use crate::support::{
    payments::{late_results, payment_of, place, results_arrive, send, with_late_results},
    shop::{Answer, Person, Shop, at_the_mock},
};

/// Payments, captures, and minor units captured and refunded, in the ledger of the provider.
async fn ledger(shop: &Shop) -> (i64, i64, i64, i64) {
    sqlx::query_as(
        "SELECT count(*), coalesce(sum(captures), 0)::bigint, coalesce(sum(captured_minor), 0)::bigint,
                coalesce(sum(refunded_minor), 0)::bigint FROM mock_provider_ledger",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap()
}

const POLL: Duration = Duration::from_millis(20);

/// Serves the shop, and delivers the webhooks of the mock to it until the sender is dropped.
async fn start_webhooks(shop: &Shop, settings: &PaymentSettings) -> watch::Sender<bool> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = shop.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut settings = settings.clone();
    settings.mock.mock_webhook_url =
        Some(format!("http://{address}/api/v1/payments/webhooks/mock"));
    let webhooks = MockWebhooks::try_new(&settings, shop.pool.clone(), Clock::system())
        .unwrap()
        .unwrap();
    let (end, ended) = watch::channel(false);
    tokio::spawn(webhooks.run(ended));
    end
}

async fn order(shop: &Shop, customer: &Person, placed: &Answer) -> Value {
    let path = format!("/api/v1/orders/{}", placed.id());
    shop.get(customer, &path).await.body
}

/// Waits until the order and its payment have these statuses.
async fn becomes(shop: &Shop, customer: &Person, placed: &Answer, status: &str, payment: &str) {
    eventually(&format!("{status} and {payment}"), async || {
        let seen = order(shop, customer, placed).await;
        seen["status"] == status && seen["payment_status"] == payment
    })
    .await;
}

/// Waits until the provider has been asked for this, once.
async fn asked(shop: &Shop, kind: &str) {
    let operations = format!("mock_provider_operations WHERE kind = '{kind}'");
    eventually(kind, async || shop.count(&operations).await == 1).await;
}

#[sqlx::test]
async fn an_order_is_paid_at_once(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let _sagas = shop.start_sagas();
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_ok")).await;
    assert_eq!(
        (&placed.body["status"], &placed.body["payment_status"]),
        (&json!("pending"), &json!("unpaid"))
    );
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
    assert_eq!(shop.product.holds()[0].state, "committed");
}

#[sqlx::test]
async fn a_declined_payment_can_be_followed_by_another(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let _sagas = shop.start_sagas();
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_declined")).await;
    becomes(&shop, &customer, &placed, "pending", "failed").await;
    assert_eq!(ledger(&shop).await, (0, 0, 0, 0));
    assert_eq!(
        shop.product.holds()[0].state,
        "held",
        "it may still be paid"
    );
    let body = json!({ "order_id": placed.id(), "payment_method": "mock_ok" });
    let again = send(&shop, &customer, "/payments", Some("again"), &body).await;
    assert_eq!(again.status, 201, "{again:?}");
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
}

/// The provider handles each request, and its first response is lost.
#[sqlx::test]
async fn lost_answers_charge_no_customer_twice(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let _work = shop.start_work(POLL);
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_unknown")).await;
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
    let payment = payment_of(&shop, &customer, &placed).await;
    let path = format!("/payments/{}/refunds", payment["id"].as_str().unwrap());
    let refund = send(&shop, &shop.admin(), &path, Some("a"), &json!({})).await;
    assert_eq!(refund.status, 201, "{refund:?}");
    becomes(&shop, &customer, &placed, "confirmed", "refunded").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 999));
}

/// Nothing polls here: without the webhook the payment would stay pending.
#[sqlx::test]
async fn a_late_result_comes_by_webhook(pool: PgPool) {
    let settings = late_results();
    let shop = Shop::paid(pool, &settings).await;
    let _sagas = shop.start_sagas();
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_late")).await;
    asked(&shop, "authorise").await;
    results_arrive(&shop).await;
    let payment = payment_of(&shop, &customer, &placed).await;
    assert_eq!(payment["status"], "pending", "no webhook was sent yet");
    let _webhooks = start_webhooks(&shop, &settings).await;
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
    let actor: String = sqlx::query_scalar(
        "SELECT actor FROM order_events WHERE event_type = 'payment.authorized'",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(actor, "provider");
}

#[sqlx::test]
async fn a_late_result_is_found_by_asking(pool: PgPool) {
    let shop = with_late_results(pool).await;
    let _work = shop.start_work(POLL);
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_late")).await;
    asked(&shop, "authorise").await;
    let payment = payment_of(&shop, &customer, &placed).await;
    assert_eq!(payment["status"], "pending");
    results_arrive(&shop).await;
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
}

/// The result arrives in both ways at once: by two webhooks, and by polls.
#[sqlx::test]
async fn a_result_told_twice_counts_once(pool: PgPool) {
    let settings = at_the_mock();
    let shop = Shop::paid(pool, &settings).await;
    let (_sagas, _work) = (shop.start_sagas(), shop.start_work(POLL));
    let _webhooks = start_webhooks(&shop, &settings).await;
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_twice")).await;
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    let told = "mock_provider_webhooks WHERE delivered_at IS NOT NULL";
    eventually("two webhooks", async || shop.count(told).await == 2).await;
    let under_way = "sagas WHERE finished_at IS NULL";
    eventually("the end", async || shop.count(under_way).await == 0).await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
    for event in ["payment.authorized", "payment.captured"] {
        let rows: i64 =
            sqlx::query_scalar("SELECT count(*) FROM order_events WHERE event_type = $1")
                .bind(event)
                .fetch_one(&shop.pool)
                .await
                .unwrap();
        assert_eq!(rows, 1, "{event}");
    }
}

#[sqlx::test]
async fn a_slow_provider_holds_nothing_up(pool: PgPool) {
    let mut settings = at_the_mock();
    settings.mock.mock_slow_ms = 3_000;
    let shop = Shop::paid(pool, &settings).await;
    let _sagas = shop.start_sagas();
    let customer = shop.customer();
    let slow = place(&shop, &customer, Some("mock_slow")).await;
    let read = order(&shop, &customer, &slow).await;
    assert_eq!(read["payment_status"], "unpaid", "the answer did not wait");
    becomes(&shop, &customer, &slow, "confirmed", "paid").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 0));
}

/// The payment is authorized and its capture is refused: the order waits for another payment, and no money was taken.
#[sqlx::test]
async fn a_refused_capture_leaves_nothing_taken(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let _sagas = shop.start_sagas();
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_capture_refused")).await;
    eventually("the payment has failed", async || {
        payment_of(&shop, &customer, &placed).await["status"] == "failed"
    })
    .await;
    let payment = payment_of(&shop, &customer, &placed).await;
    assert_eq!(payment["failure_reason"], "authorisation_expired");
    let (_, captures, minor, _) = ledger(&shop).await;
    assert_eq!((captures, minor), (0, 0));
}

/// Refunds by this method are late, too.
#[sqlx::test]
async fn a_refund_is_under_way_until_the_provider_has_paid_it(pool: PgPool) {
    let shop = with_late_results(pool).await;
    let _work = shop.start_work(POLL);
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_late")).await;
    asked(&shop, "authorise").await;
    results_arrive(&shop).await;
    becomes(&shop, &customer, &placed, "confirmed", "paid").await;
    let payment = payment_of(&shop, &customer, &placed).await;
    let path = format!("/payments/{}/refunds", payment["id"].as_str().unwrap());
    let part = json!({ "amount": "4.00" });
    let refund = send(&shop, &shop.admin(), &path, Some("a"), &part).await;
    assert_eq!(refund.body["status"], "pending", "{refund:?}");
    asked(&shop, "refund").await;
    let waiting = payment_of(&shop, &customer, &placed).await;
    assert_eq!(
        (&waiting["refund_pending"]["minor"], &waiting["status"]),
        (&json!(400), &json!("captured"))
    );
    results_arrive(&shop).await;
    becomes(&shop, &customer, &placed, "confirmed", "partially_refunded").await;
    assert_eq!(ledger(&shop).await, (1, 1, 999, 400));
}

/// A payment that is cancelled before the provider has responded is never taken, whatever the response is.
#[sqlx::test]
async fn a_pending_payment_that_is_cancelled_takes_nothing(pool: PgPool) {
    let shop = with_late_results(pool).await;
    let _work = shop.start_work(POLL);
    let customer = shop.customer();
    let placed = place(&shop, &customer, Some("mock_late")).await;
    asked(&shop, "authorise").await;
    let payment = payment_of(&shop, &customer, &placed).await;
    let path = format!("/payments/{}/cancel", payment["id"].as_str().unwrap());
    let cancelled = send(&shop, &customer, &path, Some("a"), &Value::Null).await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
    eventually("the payment is voided", async || {
        payment_of(&shop, &customer, &placed).await["status"] == "voided"
    })
    .await;
    let (authorized, voided): (i64, bool) =
        sqlx::query_as("SELECT authorized_minor, voided FROM mock_provider_ledger")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!((authorized, voided), (0, true));
}

/// The mock keeps its records in tables that only it reads and writes.
#[test]
fn the_books_of_the_mock_are_its_own() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let names_it = std::fs::read_to_string(&path)
                .unwrap()
                .contains("mock_provider_");
            let its_own = path.to_str().unwrap().contains("/payments/providers/mock/");
            assert!(!names_it || its_own, "{}", path.display());
            seen += usize::from(names_it);
        }
    }
    assert!(seen > 0, "this test looks in the wrong place");
}
