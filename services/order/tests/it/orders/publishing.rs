//! Publishing events: none is skipped or repeated, and each order's are in order, although relays die and writers
//! commit late.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clock::{Ids, Jitter};
use order::orders::{PublishEvents, ports::EventLog, postgres::PgEventLog};
use sqlx::{PgConnection, PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::support::shop::{Shop, order_of};

/// How long a relay of these tests keeps a partition after its death.
const LEASE: Duration = Duration::from_millis(50);

fn relay(pool: PgPool) -> PublishEvents<PgEventLog> {
    PublishEvents {
        log: PgEventLog::new(pool, Jitter::random()),
        lease: LEASE,
    }
}

/// Pseudo-random numbers from 0 up, the same at each run.
fn dice(state: &mut u64, sides: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % sides
}

/// An order's id in this partition.
fn order_in(partition: u8) -> Uuid {
    let mut bytes = *Ids::system().uuid().as_bytes();
    bytes[15] = bytes[15] & 0xf0 | partition;
    Uuid::from_bytes(bytes)
}

async fn write(session: &mut PgConnection, order: Uuid, version: i64) {
    sqlx::query("INSERT INTO order_events (order_id, version, event_type, actor, data) VALUES ($1, $2, 'order.updated', 'system', '{}')")
        .bind(order)
        .bind(version)
        .execute(session)
        .await
        .unwrap();
}

/// An event as it is stored: order, version, type, actor, the actor's id, data.
type Row = (Uuid, i64, String, String, Option<Uuid>, serde_json::Value);

/// Continues after the numbers that it has read, as a subscriber does.
#[derive(Default)]
struct Reader {
    last: HashMap<i16, i64>,
    seen: Vec<(Uuid, i64)>,
}

impl Reader {
    async fn read(&mut self, pool: &PgPool) {
        for partition in 0..16_i16 {
            let last = self.last.entry(partition).or_insert(0);
            let query = "SELECT order_id, version, sequence FROM published_events WHERE partition = $1 AND sequence > $2 ORDER BY sequence";
            let rows: Vec<(Uuid, i64, i64)> = sqlx::query_as(query)
                .bind(partition)
                .bind(*last)
                .fetch_all(pool)
                .await
                .unwrap();
            for (order, version, sequence) in rows {
                assert_eq!(sequence, *last + 1, "numbers have no gaps");
                *last = sequence;
                self.seen.push((order, version));
            }
        }
    }
}

#[sqlx::test]
async fn an_event_that_commits_late_is_not_skipped(pool: PgPool) {
    let (late, early) = (order_in(3), order_in(3));
    let (relay, mut reader) = (relay(pool.clone()), Reader::default());
    let mut open = pool.begin().await.unwrap();
    write(&mut open, late, 1).await;
    write(&mut pool.acquire().await.unwrap(), early, 1).await;
    assert_eq!(relay.run_once().await.unwrap().events, 1);
    reader.read(&pool).await;
    assert_eq!(reader.seen, [(early, 1)]);
    open.commit().await.unwrap();
    assert_eq!(relay.run_once().await.unwrap().events, 1);
    reader.read(&pool).await;
    assert_eq!(reader.seen, [(early, 1), (late, 1)]);
    assert_eq!(relay.log.unpublished().await.unwrap(), 0);
    assert!(
        relay.log.take(16, LEASE).await.unwrap().is_empty(),
        "a partition without news is left alone"
    );
}

#[sqlx::test]
async fn a_lease_that_passed_on_publishes_nothing(pool: PgPool) {
    let log = relay(pool.clone()).log;
    write(&mut pool.acquire().await.unwrap(), order_in(0), 1).await;
    let stale = log.take(16, Duration::ZERO).await.unwrap();
    let fresh = log.take(16, Duration::from_secs(10)).await.unwrap();
    assert_eq!((stale.len(), fresh.len()), (1, 1));
    assert!(log.take(16, LEASE).await.unwrap().is_empty());
    assert_eq!(log.publish(&stale, 10).await.unwrap().events, 0);
    assert_eq!(log.publish(&fresh, 10).await.unwrap().events, 1);
    write(&mut pool.acquire().await.unwrap(), order_in(0), 1).await;
    assert_eq!(
        log.take(16, LEASE).await.unwrap().len(),
        1,
        "it was given back"
    );
}

#[sqlx::test]
async fn a_full_round_goes_on_at_once_and_keeps_each_orders_order(pool: PgPool) {
    let (order, mut reader) = (order_in(5), Reader::default());
    let mut session = pool.acquire().await.unwrap();
    for version in 1..=5 {
        write(&mut session, order, version).await;
    }
    let log = relay(pool.clone()).log;
    for (events, more) in [(2, true), (2, true), (1, false)] {
        let leases = log.take(16, LEASE).await.unwrap();
        let published = log.publish(&leases, 2).await.unwrap();
        assert_eq!((published.events, published.more), (events, more));
    }
    reader.read(&pool).await;
    let versions: Vec<i64> = reader.seen.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
}

/// Writers that commit early and late, two relays that are killed again and again, and a reader beside them.
#[sqlx::test]
async fn relays_killed_at_random_lose_and_repeat_nothing(pool: PgPool) {
    const WRITERS: u64 = 6;
    const ORDERS: usize = 12;
    const VERSIONS: i64 = 5;
    let options = (*pool.connect_options()).clone();
    let connect = move |most| {
        PgPoolOptions::new()
            .max_connections(most)
            .connect_lazy_with(options.clone())
    };
    let done = Arc::new(AtomicBool::new(false));

    let writers = (1..=WRITERS).map(|seed| {
        let pool = connect(1);
        tokio::spawn(async move {
            let mut state = seed * 7_919;
            for _ in 0..ORDERS {
                let order = Ids::system().uuid();
                for version in 1..=VERSIONS {
                    let mut transaction = pool.begin().await.unwrap();
                    write(&mut transaction, order, version).await;
                    tokio::time::sleep(Duration::from_millis(dice(&mut state, 12))).await;
                    transaction.commit().await.unwrap();
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let killed = [11, 13].map(|seed| {
        let (connect, done) = (connect.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let (mut state, mut deaths) = (seed, 0);
            let (rounds, mut before, mut life_ms) = (Arc::new(AtomicU64::new(0)), 0, 5);
            while !done.load(Ordering::Relaxed) {
                // Its connections end with it, as those of a killed process do.
                let doomed = relay(connect(1));
                let finished = Arc::clone(&rounds);
                let life = tokio::spawn(async move {
                    loop {
                        // The pauses of `run` are too long for a test.
                        if doomed.run_once().await.is_ok() {
                            finished.fetch_add(1, Ordering::Relaxed);
                        }
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                });
                tokio::time::sleep(Duration::from_millis(
                    life_ms + dice(&mut state, 5 * life_ms),
                ))
                .await;
                life.abort();
                deaths += 1;
                // On a busy machine the next one lives longer; otherwise none would finish a round.
                let reached = rounds.load(Ordering::Relaxed);
                life_ms = if reached == before {
                    (2 * life_ms).min(500)
                } else {
                    5
                };
                before = reached;
            }
            deaths
        })
    });

    let mut reader = Reader::default();
    let expected = usize::try_from(WRITERS).unwrap() * ORDERS * usize::try_from(VERSIONS).unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    while reader.seen.len() < expected && Instant::now() < deadline {
        reader.read(&pool).await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    done.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let mut deaths = 0;
    for kills in killed {
        deaths += kills.await.unwrap();
    }
    assert!(deaths > 2, "relays died {deaths} times");
    assert_eq!(reader.seen.len(), expected);
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    for (order, version) in reader.seen {
        let last = versions.entry(order).or_insert(0);
        assert_eq!(version, *last + 1, "each order's events in order");
        *last = version;
    }
}

#[sqlx::test]
async fn events_that_the_release_before_left_out_are_filled_in(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    for (key, sku) in [("a", "MUG-1"), ("b", "CUP-1")] {
        shop.place(&customer, key, &order_of(&[(sku, 1)])).await;
        shop.drive().await;
        shop.product.end_holds("lost");
    }
    shop.place(&customer, "c", &order_of(&[("MUG-1", 1)])).await;
    shop.product.end_holds("lost");
    shop.drive().await;
    let told = || async {
        let query = "SELECT order_id, version, event_type, actor, actor_id, data FROM order_events ORDER BY order_id, version";
        sqlx::query_as::<_, Row>(query)
            .fetch_all(&shop.pool)
            .await
            .unwrap()
    };
    let before = told().await;
    // The previous release wrote the same orders, without events.
    shop.tamper("DELETE FROM order_events WHERE version = 2 OR data ->> 'total_minor' = '250'")
        .await;
    assert!(shop.count("order_event_gaps").await > 0);
    let log = PgEventLog::new(shop.pool.clone(), Jitter::random());
    assert_eq!(log.fill_gaps(Duration::from_mins(1)).await.unwrap(), 4);
    assert_eq!(log.fill_gaps(Duration::from_mins(1)).await.unwrap(), 0);
    assert_eq!(told().await, before);
    assert_eq!(shop.count("order_event_gaps").await, 0);
}
