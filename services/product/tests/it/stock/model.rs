//! The SQL against a reference model in memory: after any sequence of operations both have the same state, and the
//! audit finds nothing. `PROPTEST_CASES` is the number of stories; a story that fails is shrunk to the shortest.

mod story;
mod twin;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use product::stock::reservations::{
    Committed, Extended, Release, Released, Returned, Shipped, commit, extend,
    model::{Hash, HoldState, Verdict},
    release,
};
use proptest::{
    prop_assert_eq,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use self::{
    story::{Asked, Command, LEVELS, SKUS, story},
    twin::{Level, Line, Reserved, Twin},
};
use crate::support::shop::{Shop, expire_overdue, longer, order, transfer};

/// The number of stories that takes a few seconds.
const CASES: u32 = 32;

/// Order ids sorted by number, as those of real orders are sorted by time.
fn order_id(number: u8) -> Uuid {
    Uuid::from_u128(0x0193_2c5e_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

fn transfer_id(number: u8) -> Uuid {
    Uuid::from_u128(0x0193_2c5e_0000_7000_9000_0000_0000_0000 + u128::from(number))
}

fn number(id: Uuid) -> u8 {
    id.as_bytes()[15]
}

#[sqlx::test]
async fn stock_and_its_twin_agree_on_every_story(pool: PgPool) {
    let shop = Arc::new(Shop::open(pool));
    for sku in SKUS {
        shop.product(sku, 0).await;
    }
    // All rows are deleted between two stories.
    let prepare = "ALTER TABLE movements DISABLE TRIGGER movements_append_only;
        INSERT INTO locations (code, name) VALUES ('east', 'east')";
    sqlx::raw_sql(prepare).execute(&shop.pool).await.unwrap();

    let config = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default(),
        None => Config::with_cases(CASES),
    };
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..config
    });
    let runtime = tokio::runtime::Handle::current();
    let told = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&told);
    let outcome = tokio::task::spawn_blocking(move || {
        runner.run(&story(), |commands| {
            counter.fetch_add(1, Ordering::Relaxed);
            runtime.block_on(tell(&shop, &commands))
        })
    })
    .await
    .unwrap();
    match outcome {
        Ok(()) => assert!(told.load(Ordering::Relaxed) > 0),
        Err(TestError::Fail(reason, story)) => panic!("{reason}\nthe shortest story: {story:#?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// Applies a story to the database and to the model.
async fn tell(shop: &Shop, story: &[Command]) -> Result<(), TestCaseError> {
    wipe(shop).await;
    let mut twin = Twin::new();
    let mut adjusted = BTreeMap::new();
    for place in 0..story.len() {
        let at = original(story, place);
        step(shop, &mut twin, (at, &story[at]), &mut adjusted)
            .await
            .map_err(|error| {
                TestCaseError::fail(format!("at {place}, {:?}: {error}", story[at]))
            })?;
        agree(shop, &twin).await.map_err(|error| {
            TestCaseError::fail(format!("after {place}, {:?}: {error}", story[at]))
        })?;
    }
    Ok(())
}

/// The index of the command at this place: a repetition refers to an earlier one.
fn original(story: &[Command], place: usize) -> usize {
    match story[place] {
        Command::Again(back) if back <= place => original(story, place - back),
        _ => place,
    }
}

async fn wipe(shop: &Shop) {
    let wipe =
        "DELETE FROM movements; DELETE FROM hold_lines; DELETE FROM holds; DELETE FROM parcels;
        DELETE FROM shortfalls; DELETE FROM stock; DELETE FROM idempotency_keys";
    sqlx::raw_sql(wipe).execute(&shop.pool).await.unwrap();
    for (sku, location, priority, units) in LEVELS {
        shop.level(sku, location, priority, units).await;
    }
}

/// One command on both sides; the results must be equal.
async fn step(
    shop: &Shop,
    twin: &mut Twin,
    (place, command): (usize, &Command),
    adjusted: &mut BTreeMap<usize, bool>,
) -> Result<(), TestCaseError> {
    let ids = |orders: &[u8]| orders.iter().copied().map(order_id).collect::<Vec<_>>();
    match command {
        Command::Reserve(batch) => {
            let reservations: Vec<_> = batch.iter().map(reservation).collect();
            let found = shop
                .reserve(&reservations)
                .await
                .iter()
                .map(reserved)
                .collect::<Vec<_>>();
            prop_assert_eq!(found, twin.reserve(batch));
        }
        Command::Commit(orders) => {
            let outcomes = commit(&shop.pool, &ids(orders)).await.unwrap();
            let found: Vec<Committed> = outcomes.iter().map(|one| one.outcome).collect();
            prop_assert_eq!(found, twin.commit(orders));
        }
        Command::Extend(orders) => {
            let extensions: Vec<_> = ids(orders).into_iter().map(|id| longer(id, 600)).collect();
            let outcomes = extend(&shop.pool, &extensions).await.unwrap();
            let found: Vec<Extended> = outcomes.iter().map(|one| one.outcome).collect();
            prop_assert_eq!(found, twin.extend(orders));
        }
        Command::Release { orders, committed } => {
            let how_far = if *committed {
                Release::Committed
            } else {
                Release::Held
            };
            let outcomes = release(&shop.pool, &ids(orders), how_far).await.unwrap();
            let found: Vec<Released> = outcomes.iter().map(|one| one.outcome).collect();
            prop_assert_eq!(found, twin.release(orders, *committed));
        }
        Command::RunOut(order) => {
            let sql = "UPDATE holds SET expires_at = now() - interval '1 s' WHERE order_id = $1 AND state = 'held'";
            let run_out = sqlx::query(sql).bind(order_id(*order));
            run_out.execute(&shop.pool).await.unwrap();
            twin.run_out(*order);
        }
        Command::Sweep => {
            expire_overdue(&shop.pool).await.unwrap();
            twin.sweep();
        }
        Command::Adjust {
            level,
            delta,
            force,
        } => {
            let (sku, location, ..) = LEVELS[*level];
            let body = json!({ "delta": delta, "reason": "counted", "force": force, "location": location });
            let call = shop
                .post(&format!("/inventory/{sku}/adjustments"))
                .by(&shop.vendor);
            let answer = call
                .header("idempotency-key", &place.to_string())
                .json(&body)
                .await;
            // It is done once, however often it is requested; a refused one may be retried.
            let done = adjusted.get(&place).copied().unwrap_or(false)
                || twin.adjust(*level, *delta, *force);
            adjusted.insert(place, done);
            prop_assert_eq!(
                answer.status.as_u16(),
                if done { 200 } else { 409 },
                "{}",
                answer.body
            );
        }
        Command::Ship(transfers) => {
            let shipments: Vec<_> = transfers.iter().map(goods).collect();
            let found: Vec<Shipped> = shop.ship(&shipments).await;
            prop_assert_eq!(found, twin.ship(transfers));
        }
        Command::Return(transfers) => {
            let returns: Vec<_> = transfers.iter().map(goods).collect();
            let found: Vec<Returned> = shop.restock(&returns).await;
            prop_assert_eq!(found, twin.restock(transfers));
        }
        // There was no command so long ago.
        Command::Again(_) => {}
    }
    Ok(())
}

fn reservation(asked: &Asked) -> product::stock::reservations::model::Reservation {
    let lines: Vec<(&str, u32)> = asked
        .basket
        .iter()
        .map(|(sku, units)| (SKUS[*sku], *units))
        .collect();
    let mut content: BTreeMap<&str, u32> = BTreeMap::new();
    for (sku, units) in &lines {
        *content.entry(sku).or_default() += units;
    }
    product::stock::reservations::model::Reservation {
        request_key: Hash([asked.request; 32]),
        fingerprint: Hash(idempotency::fingerprint(&content).unwrap()),
        order_id: order_id(asked.order),
        ..order(&lines)
    }
}

fn goods(goods: &story::Transfer) -> product::stock::reservations::Transfer {
    let lines: Vec<(&str, u32)> = goods
        .basket
        .iter()
        .map(|(sku, units)| (SKUS[*sku], *units))
        .collect();
    product::stock::reservations::Transfer {
        id: transfer_id(goods.id),
        ..transfer(order_id(goods.order), &lines)
    }
}

fn reserved(verdict: &Verdict) -> Reserved {
    match verdict {
        Verdict::Held { order_id, .. } => Reserved::Held(number(*order_id)),
        Verdict::OutOfStock { lines } => Reserved::OutOfStock(
            lines
                .iter()
                .map(|line| (line.sku.as_str().to_owned(), line.requested, line.available))
                .collect(),
        ),
        Verdict::FingerprintMismatch => Reserved::Mismatch,
        Verdict::Gone => Reserved::Gone,
        Verdict::UnknownProduct { .. } | Verdict::PriceChanged { .. } => {
            unreachable!("the goods are known and no total is expected")
        }
    }
}

/// Order, SKU, location, and the counters.
type LineRow = (Uuid, String, String, i64, i64, i64, i64);

/// Counters, states, lines and shortfalls are the same on both sides, and the audit finds nothing.
async fn agree(shop: &Shop, twin: &Twin) -> Result<(), TestCaseError> {
    let stock: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
        "SELECT sku, location, on_hand, held, allocated FROM stock ORDER BY sku, location",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let twins: Vec<_> = twin
        .levels
        .iter()
        .map(|((sku, location), level)| {
            let Level {
                on_hand,
                held,
                allocated,
            } = *level;
            (
                (*sku).to_owned(),
                (*location).to_owned(),
                on_hand,
                held,
                allocated,
            )
        })
        .collect();
    prop_assert_eq!(stock, twins, "stock");

    let states: Vec<(Uuid, HoldState)> =
        sqlx::query_as("SELECT order_id, state FROM holds ORDER BY order_id")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    let states: Vec<_> = states
        .into_iter()
        .map(|(id, state)| (number(id), state))
        .collect();
    let twins: Vec<_> = twin
        .holds
        .iter()
        .map(|(order, hold)| (*order, hold.state))
        .collect();
    prop_assert_eq!(states, twins, "states");

    let lines: Vec<LineRow> = sqlx::query_as(
        "SELECT order_id, sku, location, quantity, shipped, returned, released FROM hold_lines
         ORDER BY order_id, sku, location",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let twins: Vec<LineRow> = twin
        .holds
        .iter()
        .flat_map(|(order, hold)| hold.lines.iter().map(move |line| (*order, line)))
        .map(|(order, ((sku, location), line))| {
            let Line {
                quantity,
                shipped,
                returned,
                released,
            } = *line;
            (
                order_id(order),
                (*sku).to_owned(),
                (*location).to_owned(),
                quantity,
                shipped,
                returned,
                released,
            )
        })
        .collect();
    prop_assert_eq!(lines, twins, "lines");

    let short: Vec<(Uuid, String, String, i64)> = sqlx::query_as(
        "SELECT order_id, sku, location, sum(quantity)::bigint FROM shortfalls GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let twins: Vec<_> = twin
        .shortfalls
        .iter()
        .map(|((order, (sku, location)), units)| {
            (
                order_id(*order),
                (*sku).to_owned(),
                (*location).to_owned(),
                *units,
            )
        })
        .collect();
    prop_assert_eq!(short, twins, "shortfalls");

    let found: Vec<String> = sqlx::query_scalar(include_str!("../../../audit.sql"))
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    prop_assert_eq!(found, Vec::<String>::new(), "the audit");
    Ok(())
}
