//! A forced count below the units of orders: the newest holds are lost, then the newest allocations fall short.

use product::stock::reservations::{
    Committed, Extended, Release, Shipped, commit, extend, model::Reservation, release,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::shop::{Answer, Shop, expire_overdue, longer, order, transfer};

async fn adjust(shop: &Shop, sku: &str, delta: i64, force: bool) -> Answer {
    let body = json!({ "delta": delta, "reason": "water damage", "force": force });
    shop.post(&format!("/inventory/{sku}/adjustments"))
        .by(&shop.vendor)
        .keyed()
        .json(&body)
        .await
}

/// Holds in sequence, so that the last is the newest.
async fn buyers<const N: usize>(shop: &Shop, lines: [&[(&str, u32)]; N]) -> [Uuid; N] {
    let batch = lines.map(order);
    shop.reserve(&batch).await;
    batch.map(|Reservation { order_id, .. }| order_id)
}

async fn shortfalls(shop: &Shop) -> Vec<(Uuid, String, i64)> {
    let body = shop
        .get_internal("/internal/shortfalls")
        .send()
        .await
        .ok(200);
    let rows = body["shortfalls"].as_array().unwrap().iter();
    let row = |row: &Value| {
        (
            row["order_id"].as_str().unwrap().parse().unwrap(),
            row["sku"].as_str().unwrap().to_owned(),
            row["quantity"].as_i64().unwrap(),
        )
    };
    rows.map(row).collect()
}

#[sqlx::test]
async fn the_newest_holds_are_lost_first_and_whole(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 10).await;
    shop.product("CUP", 9).await;
    shop.product("ANT", 9).await;
    let [committed, old, new, newest] = buyers(
        &shop,
        [
            &[("MUG", 2)],
            &[("MUG", 3)],
            &[("MUG", 2), ("CUP", 4), ("ANT", 1)],
            &[("MUG", 1), ("CUP", 1)],
        ],
    )
    .await;
    commit(&shop.pool, &[committed]).await.unwrap();
    adjust(&shop, "MUG", -4, false)
        .await
        .refused(409, "below_committed");
    let answer = adjust(&shop, "MUG", -4, true).await.ok(200);
    assert_eq!(
        (&answer["on_hand"], &answer["held"]),
        (&json!(6), &json!(3))
    );
    let mut states = Vec::new();
    for order in [committed, old, new, newest] {
        states.push(shop.state(order).await);
    }
    assert_eq!(states, ["committed", "held", "lost", "lost"]);
    assert_eq!(shop.counters("MUG").await, (6, 3, 2));
    assert_eq!(shop.counters("CUP").await, (9, 0, 0));
    assert_eq!(shop.counters("ANT").await, (9, 0, 0));
    assert!(shortfalls(&shop).await.is_empty());
    shop.assert_counts_add_up().await;

    // A lost hold is taken again where units are available: one unit is left.
    assert_eq!(
        commit(&shop.pool, &[newest]).await.unwrap()[0].outcome,
        Committed::Committed
    );
    assert_eq!(
        extend(&shop.pool, &[longer(new, 60)]).await.unwrap()[0].outcome,
        Extended::Lost
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn then_the_newest_allocations_fall_short(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 10).await;
    shop.product("CUP", 9).await;
    let [old, part, newest, held] = buyers(
        &shop,
        [
            &[("MUG", 3)],
            &[("MUG", 4), ("CUP", 1)],
            &[("MUG", 2)],
            &[("MUG", 1)],
        ],
    )
    .await;
    commit(&shop.pool, &[old, part, newest]).await.unwrap();
    shop.ship(&[transfer(part, &[("MUG", 1)])]).await;
    adjust(&shop, "MUG", -5, true).await.ok(200);
    assert_eq!(shop.state(held).await, "lost");
    assert_eq!(shop.counters("MUG").await, (4, 0, 4));
    let mut short = shortfalls(&shop).await;
    short.sort_by_key(|(order, ..)| *order);
    let mug = |order, units| (order, "MUG".to_owned(), units);
    assert_eq!(short, [mug(part, 2), mug(newest, 2)]);
    shop.assert_counts_add_up().await;

    // Their remaining units can be shipped or released.
    assert_eq!(
        shop.ship(&[transfer(part, &[("MUG", 2)]), transfer(part, &[("MUG", 1)])])
            .await,
        [Shipped::TooMany, Shipped::Shipped]
    );
    release(&shop.pool, &[part, newest], Release::Committed)
        .await
        .unwrap();
    assert_eq!(shop.state(newest).await, "released");
    assert_eq!(shop.counters("MUG").await, (3, 0, 3));
    assert_eq!(shop.counters("CUP").await, (9, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_count_can_be_set_to_nothing_at_all(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let [one, two] = buyers(&shop, [&[("MUG", 3)], &[("MUG", 2)]]).await;
    commit(&shop.pool, &[one]).await.unwrap();
    let set = |body: Value| {
        let call = shop
            .put("/inventory/MUG")
            .by(&shop.vendor)
            .keyed()
            .header("if-match", "*");
        async move { call.json(&body).await }
    };
    set(json!({ "on_hand": 0 }))
        .await
        .refused(409, "below_committed");
    set(json!({ "on_hand": 0, "force": true })).await.ok(200);
    assert_eq!(shop.counters("MUG").await, (0, 0, 0));
    assert_eq!(shop.state(two).await, "lost");
    assert_eq!(shortfalls(&shop).await, [(one, "MUG".to_owned(), 3)]);
    adjust(&shop, "MUG", -1, true)
        .await
        .refused(409, "below_committed");
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn what_is_overdue_goes_before_anybody_loses(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let [old] = buyers(&shop, [&[("MUG", 3), ("CUP", 1)]]).await;
    shop.run_out_of_time().await;
    let [new] = buyers(&shop, [&[("MUG", 2)]]).await;
    adjust(&shop, "MUG", -3, true).await.ok(200);
    assert_eq!(shop.state(old).await, "expired");
    assert_eq!(shop.state(new).await, "held");
    assert_eq!(shop.counters("MUG").await, (2, 2, 0));
    assert_eq!(shop.counters("CUP").await, (5, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_repeated_request_takes_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let [one] = buyers(&shop, [&[("MUG", 4)]]).await;
    commit(&shop.pool, &[one]).await.unwrap();
    let body = json!({ "delta": -2, "reason": "water damage", "force": true });
    for replayed in ["", "true"] {
        let answer = shop
            .post("/inventory/MUG/adjustments")
            .by(&shop.vendor)
            .header("idempotency-key", "the-flood")
            .json(&body)
            .await;
        assert_eq!(answer.header("idempotent-replayed"), replayed);
        answer.ok(200);
    }
    assert_eq!(shop.counters("MUG").await, (3, 0, 3));
    assert_eq!(shortfalls(&shop).await, [(one, "MUG".to_owned(), 1)]);
}

/// Forced counts while orders are placed, paid and shipped: the counters stay consistent.
#[sqlx::test]
async fn counts_add_up_while_stock_is_taken_away(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["A", "B"] {
        shop.product(sku, 60).await;
    }
    let buy = |number: usize| {
        let shop = &shop;
        async move {
            let reservations = [
                order(&[("A", 1), ("B", 2)]),
                order(&[(["A", "B"][number % 2], 2)]),
            ];
            let ids = [reservations[0].order_id, reservations[1].order_id];
            let reserved = product::stock::reservations::reserve(
                &shop.pool,
                "USD".parse().unwrap(),
                &reservations,
            );
            drop(reserved.await);
            drop(commit(&shop.pool, &ids[..=number % 2]).await);
            let goods = [transfer(ids[0], &[("B", 1)])];
            drop(
                product::stock::reservations::ship(&shop.pool, clock::Ids::system(), &goods).await,
            );
            drop(expire_overdue(&shop.pool).await);
        }
    };
    let flood = |number: usize| {
        let shop = &shop;
        async move {
            let answer = adjust(shop, ["A", "B"][number % 2], -7, true).await;
            assert!(
                [200, 409, 503].contains(&answer.status.as_u16()),
                "{}",
                answer.body
            );
        }
    };
    let mut below = false;
    for round in 0..3 {
        futures::future::join(
            futures::future::join_all((0..8).map(buy)),
            futures::future::join_all((0..6).map(|number| flood(number + round))),
        )
        .await;
        shop.assert_counts_add_up().await;
        below |= shop.counters("A").await.0 < 20;
    }
    assert!(below, "something was taken away");
}

/// It used to read every line that was ever sold of the SKU, under the lock that all its buyers wait for.
#[sqlx::test]
async fn what_was_shipped_long_ago_is_not_looked_at(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 4).await;
    let [one, two, gone] = buyers(&shop, [&[("MUG", 2)], &[("MUG", 1)], &[("MUG", 1)]]).await;
    commit(&shop.pool, &[one, two]).await.unwrap();
    shop.ship(&[transfer(two, &[("MUG", 1)])]).await;
    release(&shop.pool, &[gone], Release::Held).await.unwrap();
    // All of them are newer than the open lines: a scan from the newest on reads them first.
    shop.plant(
        "INSERT INTO holds (order_id, request_key, fingerprint, state, expires_at, ended_at)
         SELECT ('ffffffff-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
             decode(lpad(to_hex(number), 64, '0'), 'hex'), decode(repeat('00', 32), 'hex'),
             CASE WHEN number % 2 = 0 THEN 'committed' ELSE 'expired' END, now(), now()
         FROM generate_series(1, 20000) number;
         INSERT INTO hold_lines (order_id, sku, location, line, quantity, product_id, vendor_id, name,
             unit_price_minor, shipped, is_open)
         SELECT order_id, 'MUG', 'main', 0, 1, order_id, order_id, 'Mug', 0,
             CASE WHEN state = 'committed' THEN 1 ELSE 0 END, false
         FROM holds WHERE order_id > 'ffffffff-0000-7000-8000-000000000000';
         ANALYZE hold_lines; ANALYZE holds",
    )
    .await;
    let read = async || -> i64 {
        sqlx::query_scalar(
            "SELECT (seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_user_tables WHERE relname = 'hold_lines'",
        )
        .fetch_one(&shop.pool)
        .await
        .unwrap()
    };
    shop.flush_statistics().await;
    let before = read().await;
    adjust(&shop, "MUG", -2, true).await.ok(200);
    shop.flush_statistics().await;
    let read = read().await - before;
    assert!(read < 1_000, "{read} lines were read");
    assert_eq!(shortfalls(&shop).await, [(one, "MUG".to_owned(), 1)]);
    assert_eq!(shop.counters("MUG").await, (1, 0, 1));
}

/// The previous release takes a hold again without marking its lines as open.
#[sqlx::test]
async fn what_the_release_before_took_again_falls_short_as_well(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let [one, two, held] = buyers(&shop, [&[("MUG", 2)], &[("MUG", 1)], &[("MUG", 1)]]).await;
    commit(&shop.pool, &[one, two]).await.unwrap();
    shop.plant("UPDATE hold_lines SET is_open = false").await;
    adjust(&shop, "MUG", -4, true).await.ok(200);
    assert_eq!(shop.state(held).await, "lost");
    let mut short = shortfalls(&shop).await;
    short.sort_by_key(|(order, ..)| *order);
    let mug = |order, units| (order, "MUG".to_owned(), units);
    assert_eq!(short, [mug(one, 1), mug(two, 1)]);
    assert_eq!(shop.counters("MUG").await, (1, 0, 1));
    shop.assert_counts_add_up().await;
}

/// Every way in which the units of a line end, and are taken again.
#[sqlx::test]
async fn a_line_is_open_as_long_as_it_has_units(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 20).await;
    let [shipped, released, expired, given_up] = buyers(
        &shop,
        [&[("MUG", 2)], &[("MUG", 2)], &[("MUG", 2)], &[("MUG", 2)]],
    )
    .await;
    let open = async |order: Uuid| -> bool {
        sqlx::query_scalar("SELECT bool_or(is_open) FROM hold_lines WHERE order_id = $1")
            .bind(order)
            .fetch_one(&shop.pool)
            .await
            .unwrap()
    };
    commit(&shop.pool, &[shipped, given_up]).await.unwrap();
    for still in [true, false] {
        shop.ship(&[transfer(shipped, &[("MUG", 1)])]).await;
        assert_eq!(open(shipped).await, still);
    }
    shop.restock(&[transfer(shipped, &[("MUG", 1)])]).await;
    assert!(!open(shipped).await);
    release(&shop.pool, &[given_up], Release::Committed)
        .await
        .unwrap();
    release(&shop.pool, &[released], Release::Held)
        .await
        .unwrap();
    assert!(!open(given_up).await && !open(released).await && open(expired).await);
    shop.run_out_of_time().await;
    expire_overdue(&shop.pool).await.unwrap();
    assert!(!open(expired).await);
    commit(&shop.pool, &[expired]).await.unwrap();
    assert!(open(expired).await, "taken again");
    shop.assert_counts_add_up().await;
}
