//! Four replicas of each service, many buyers, few units, and orders that name the same SKUs in opposite order.

use std::time::Duration;

use chaos::{Arena, Item, Outcome, buyer::NewOrder};
use local_shop::Workload;

const UNITS: u32 = 60;
const BUYERS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposite_orders_of_the_same_goods_meet_no_deadlock_and_sell_exactly_what_is_there() {
    let arena = Arena::start(4, 4, &[]).unwrap();
    // Deadlocks have to be detected before a lock times out (ORDERS 11), or none would be counted.
    for statement in [
        "ALTER SYSTEM SET deadlock_timeout = '10ms'",
        "SELECT pg_reload_conf()",
    ] {
        arena.shop.sql("postgres", statement).unwrap();
    }
    let buyers = arena.buyers(BUYERS).unwrap();
    let skus = arena.sell(6, UNITS).await.unwrap();
    let item = |sku: &String| Item {
        sku: sku.clone(),
        quantity: 1,
    };
    let mut journal = Vec::new();
    // The first round has orders of several SKUs in opposite orders, the second of one SKU each.
    for round in 0..2 {
        let orders = (0..400).map(|number| {
            let items: Vec<Item> = match (round, number % 3) {
                (0, 0) => skus.iter().map(item).collect(),
                (0, 1) => skus.iter().rev().map(item).collect(),
                (0, _) => skus
                    .iter()
                    .rev()
                    .skip(number % 5)
                    .take(2)
                    .map(item)
                    .collect(),
                (_, _) => vec![item(&skus[number % skus.len()])],
            };
            NewOrder {
                key: format!("chaos-{}", arena.ids.uuid().simple()),
                items,
                method: None,
                follow_up: None,
            }
        });
        let crowd = arena.crowd(&buyers, orders.collect(), Duration::from_mins(1));
        journal.extend(crowd.join_all().await);
    }
    arena.audit(&journal).await.unwrap();
    let unknown = journal
        .iter()
        .filter(|entry| entry.outcome == Outcome::Unknown);
    assert_eq!(unknown.count(), 0);
    let refusals = journal.iter().filter_map(|entry| match &entry.outcome {
        Outcome::Refused(code) => Some(code.as_str()),
        Outcome::Placed(_) | Outcome::Unknown => None,
    });
    for code in refusals {
        assert_eq!(code, "out_of_stock");
    }
    for sku in &skus {
        let left = arena.count(
            "product",
            &format!("SELECT on_hand - held - allocated FROM stock WHERE sku = '{sku}'"),
        );
        let sold = arena.count(
            "product",
            &format!("SELECT allocated FROM stock WHERE sku = '{sku}'"),
        );
        assert_eq!(
            (left.unwrap(), sold.unwrap()),
            (0, i64::from(UNITS)),
            "of {sku}"
        );
    }
    let deadlocks = arena.count("postgres", "SELECT sum(deadlocks) FROM pg_stat_database");
    eprintln!(
        "concurrency: {} requests of {BUYERS} buyers to {} replicas, {} units of 6 SKUs sold exactly, {} deadlocks",
        journal.len(),
        arena.urls(Workload::Order).len(),
        UNITS * 6,
        deadlocks.as_ref().unwrap(),
    );
    assert_eq!(deadlocks.unwrap(), 0);
}
