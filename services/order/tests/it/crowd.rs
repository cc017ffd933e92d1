//! Many changes of one customer: they are answered 429, and other customers are not affected.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{place, send},
    shop::{Answer, Rules, Shop, free, order_of},
};

const CROWD: usize = 200;

#[sqlx::test]
async fn two_hundred_cancellations_of_one_order_stop_no_other_request(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let _sagas = shop.start_sagas();
    let crowd = shop.customer();
    let order = place(&shop, &crowd, None).await;
    let mut others = Vec::new();
    for _ in 0..10 {
        let customer = shop.customer();
        others.push((place(&shop, &customer, None).await, customer));
    }
    let path = format!("/orders/{}/cancel", order.id());
    let keys: Vec<String> = (0..CROWD).map(|number| format!("crowd-{number}")).collect();
    let pressing = join_all(
        keys.iter()
            .map(|key| send(&shop, &crowd, &path, Some(key), &Value::Null)),
    );
    let others = async {
        let mut answers = Vec::new();
        for (number, (order, customer)) in others.iter().enumerate() {
            let body = json!({ "order_id": order.id(), "payment_method": "mock_ok" });
            let paid = send(&shop, customer, "/payments", Some("pay"), &body).await;
            answers.push(("paid", paid));
            let path = format!("/orders/{}/cancel", order.id());
            let cancelled = send(&shop, customer, &path, Some("cancel"), &Value::Null).await;
            answers.push(("cancelled", cancelled));
            let key = format!("other-{number}");
            let placed = shop
                .place(&shop.customer(), &key, &order_of(&[("CUP-1", 1)]))
                .await;
            answers.push(("placed", placed));
        }
        answers
    };
    let (pressing, others) = tokio::join!(pressing, others);
    for (what, answer) in &others {
        assert!(answer.status.is_success(), "{what}: {answer:?}");
    }
    let mut counted: BTreeMap<u16, usize> = BTreeMap::new();
    for answer in &pressing {
        *counted.entry(answer.status.as_u16()).or_default() += 1;
        if answer.status == 429 {
            assert_eq!(answer.refusal().1, "too_many_requests");
            assert_eq!(answer.headers["retry-after"], "1");
        }
    }
    assert!(
        counted.keys().all(|status| [202, 429].contains(status)),
        "{counted:?}"
    );
    assert!(
        counted[&202] >= 1 && counted[&429] >= CROWD / 2,
        "{counted:?}"
    );
}

/// This holds however fast they are answered. Vendors and administrators are not counted.
#[sqlx::test]
async fn one_customer_changes_only_so_much_within_a_minute(pool: PgPool) {
    let rules = Rules {
        changes_per_minute: 2,
        ..Rules::default()
    };
    let shop = Shop::ruled(pool, &free(), rules).await;
    let (customer, other) = (shop.customer(), shop.customer());
    let place = async |person, key| shop.place(person, key, &order_of(&[("MUG-1", 1)])).await;
    let mut orders = Vec::new();
    for key in ["a", "b", "c"] {
        orders.push(place(&customer, key).await);
    }
    let cancel = async |person, order: &Answer| {
        let path = format!("/orders/{}/cancel", order.id());
        send(&shop, person, &path, None, &Value::Null).await
    };
    for (order, left) in [(&orders[0], "1"), (&orders[1], "0")] {
        let cancelled = cancel(&customer, order).await;
        assert_eq!(cancelled.status, 202, "{cancelled:?}");
        let rest = cancelled.headers["ratelimit"].to_str().unwrap();
        assert!(
            rest.starts_with(&format!("\"changes\";r={left};")),
            "{rest}"
        );
    }
    for _ in 0..100 {
        let refused = cancel(&customer, &orders[2]).await;
        assert_eq!(refused.refusal(), (429, "too_many_requests"));
        let seconds: u32 = refused.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    assert!(shop.order(&orders[2]).await["cancel_requested_at"].is_null());
    let theirs = place(&other, "d").await;
    assert_eq!(cancel(&other, &theirs).await.status, 202);
    let admin = shop.admin();
    for _ in 0..5 {
        assert_eq!(cancel(&admin, &orders[2]).await.status, 202);
    }
}

#[sqlx::test]
async fn a_customer_who_was_told_to_try_again_may_do_so(pool: PgPool) {
    let rules = Rules {
        changes_per_minute: 1,
        ..Rules::default()
    };
    let shop = Shop::ruled(pool, &free(), rules).await;
    let customer = shop.customer();
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let path = format!("/orders/{}/cancel", order.id());
    let held = [
        shop.intents.acquire().await.unwrap(),
        shop.intents.acquire().await.unwrap(),
    ];
    for _ in 0..2 {
        let told = send(&shop, &customer, &path, Some("b"), &Value::Null).await;
        assert_eq!(told.status, 503, "{told:?}");
    }
    drop(held);
    let cancelled = send(&shop, &customer, &path, Some("b"), &Value::Null).await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
}

/// Orders are placed whatever delays the changes, and however long.
#[sqlx::test]
async fn orders_are_placed_while_changes_have_all_the_connections_that_are_theirs(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    let held = [
        shop.intents.acquire().await.unwrap(),
        shop.intents.acquire().await.unwrap(),
    ];
    let late = tokio::time::timeout(Duration::from_millis(100), shop.intents.acquire()).await;
    assert!(late.is_err(), "there are two");
    let placed = shop
        .place(&shop.customer(), "a", &order_of(&[("CUP-1", 1)]))
        .await;
    assert_eq!(placed.status, 201, "{placed:?}");
    assert_eq!(shop.order(&placed).await["status"], "pending");
    drop(held);
    let path = format!("/orders/{}/cancel", order.id());
    let cancelled = send(&shop, &shop.admin(), &path, Some("a"), &Value::Null).await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
}

/// An administrator is not counted as a customer, so only the limit of the order applies.
#[sqlx::test]
async fn changes_of_one_order_are_limited_for_all_requesters_together(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    let (admin, path) = (shop.admin(), format!("/orders/{}/cancel", order.id()));
    let keys: Vec<String> = (0..60).map(|number| format!("admin-{number}")).collect();
    let answers = join_all(
        keys.iter()
            .map(|key| send(&shop, &admin, &path, Some(key), &Value::Null)),
    )
    .await;
    let of = |status: u16| answers.iter().filter(|seen| seen.status == status).count();
    assert!(
        of(202) >= 20 && of(429) >= 1 && of(202) + of(429) == 60,
        "{answers:?}"
    );
}

#[sqlx::test]
async fn changes_of_many_orders_by_one_customer_are_limited_and_an_admins_are_not(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let mut orders = Vec::new();
    for number in 0..40 {
        let key = format!("order-{number}");
        orders.push(
            shop.place(&customer, &key, &order_of(&[("MUG-1", 1)]))
                .await,
        );
    }
    let cancel = async |person, key: &str| -> Vec<u16> {
        let asked: Vec<(String, String)> = orders
            .iter()
            .map(|order| {
                let path = format!("/orders/{}/cancel", order.id());
                (path, format!("{key}-{}", order.id()))
            })
            .collect();
        let answers = join_all(
            asked
                .iter()
                .map(|(path, key)| send(&shop, person, path, Some(key), &Value::Null)),
        )
        .await;
        answers
            .iter()
            .map(|answer| answer.status.as_u16())
            .collect()
    };
    let limited = cancel(&customer, "own").await;
    let of = |status: u16| limited.iter().filter(|seen| **seen == status).count();
    assert!(
        of(202) >= 16 && of(429) >= 1 && of(202) + of(429) == 40,
        "{limited:?}"
    );
    let all = cancel(&shop.admin(), "all").await;
    assert!(all.iter().all(|status| *status == 202), "{all:?}");
}
