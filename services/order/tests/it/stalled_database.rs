//! A database that does not respond: requests get a 503 in time, and orders are accepted again when it is back.

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use clock::Ids;
use db::testing::eventually;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::support::shop::{Shop, order_of};

/// Time for the queue, a transaction and a retry, on a busy machine. It used to be 75 s.
const IN_TIME: Duration = Duration::from_secs(30);

async fn place(shop: &Shop) -> StatusCode {
    let customer = shop.customer();
    let body = order_of(&[("MUG-1", 1)]);
    let key = [("idempotency-key", "k")];
    shop.ask(&customer, "POST", "/api/v1/orders", &key, &body)
        .await
        .status
}

#[sqlx::test]
async fn with_a_stalled_database_every_consumer_answers_503_in_time_and_orders_go_on_afterwards(
    pool: PgPool,
) {
    let (shop, proxy) = Shop::behind_proxy(pool).await;
    shop.product.restock("MUG-1", 1_000);
    assert_eq!(place(&shop).await, StatusCode::CREATED);

    proxy.stall();
    let begun = Instant::now();
    let mut orders = JoinSet::new();
    let shop = Arc::new(shop);
    for _ in 0..40 {
        let shop = Arc::clone(&shop);
        orders.spawn(async move { place(&shop).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for status in orders.join_all().await {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());

    let admin = shop.admin();
    let begun = Instant::now();
    let list = shop.get(&admin, "/api/v1/orders").await;
    assert_eq!(list.status, StatusCode::SERVICE_UNAVAILABLE);
    let cancel = format!("/api/v1/orders/{}/cancel", Ids::system().uuid());
    let cancelled = shop
        .ask(
            &admin,
            "POST",
            &cancel,
            &[("idempotency-key", "k")],
            &json!(null),
        )
        .await;
    assert_eq!(cancelled.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());

    proxy.resume();
    eventually("orders are taken again", async || {
        place(&shop).await == StatusCode::CREATED
    })
    .await;
    for _ in 0..8 {
        assert_eq!(place(&shop).await, StatusCode::CREATED);
    }
}

/// Server processes that are stopped, as by a hanging disk; they continue when this is dropped.
struct Stopped(Vec<String>);

impl Stopped {
    /// All sessions of the shop.
    async fn sessions(pool: &PgPool) -> Self {
        let sessions = sqlx::query_scalar(
            "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'order'",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        signal("-STOP", &sessions);
        Self(sessions)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(signal: &str, processes: &[String]) {
    let mut kill = Command::new("kill");
    let status = kill.arg(signal).args(processes).status().unwrap();
    assert!(status.success(), "{kill:?}");
}

#[sqlx::test]
async fn sessions_that_are_stopped_at_their_work_are_given_up_for_new_ones(pool: PgPool) {
    let (shop, _proxy) = Shop::behind_proxy(pool).await;
    shop.product.restock("MUG-1", 1_000);
    let shop = Arc::new(shop);
    let mut requests = JoinSet::new();
    let ask = |requests: &mut JoinSet<StatusCode>| {
        let (placing, listing) = (Arc::clone(&shop), Arc::clone(&shop));
        requests.spawn(async move { place(&placing).await });
        requests.spawn(async move {
            let admin = listing.admin();
            listing.get(&admin, "/api/v1/orders").await.status
        });
    };
    (0..20).for_each(|_| ask(&mut requests));
    while let Some(status) = requests.join_next().await {
        let status = status.unwrap();
        assert!(status.is_success(), "{status}");
    }

    (0..20).for_each(|_| ask(&mut requests));
    tokio::time::sleep(Duration::from_millis(10)).await;
    let stopped = Stopped::sessions(&shop.pool).await;
    assert!(stopped.0.len() > 1, "{:?}", stopped.0);
    let begun = Instant::now();
    while let Some(status) = requests.join_next().await {
        let status = status.unwrap();
        let unavailable = status == StatusCode::SERVICE_UNAVAILABLE;
        assert!(status.is_success() || unavailable, "{status}");
    }
    eventually("orders are taken again", async || {
        place(&shop).await == StatusCode::CREATED
    })
    .await;
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
}
