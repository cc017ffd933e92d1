//! Clients that disconnect at any moment leave no unfinished change and no leaked resource.

use std::time::Duration;

use chaos::{Arena, Buyer, Outcome, arena::share, buyer::order_body};
use local_shop::{Member, Workload};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep},
};

const REQUESTS: usize = 10_000;
const AT_ONCE: usize = 64;

/// A whole request as bytes.
fn request(buyer: &Buyer, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api/v1/orders HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        buyer.token,
        body.len()
    )
    .into_bytes()
}

/// Sends a part of the request or all of it, waits, and disconnects.
async fn disconnect(port: u16, bytes: Vec<u8>, sent: usize, wait: Duration) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    // The server may close the connection first.
    let _ = stream.write_all(&bytes[..sent]).await;
    sleep(wait).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_clients_hang_up_and_the_next_thousand_are_served() {
    let requests = share(REQUESTS / 100) * 100;
    let arena = Arena::start(1, 1, &[]).unwrap();
    let buyers = arena.buyers(500).unwrap();
    let skus = arena.sell(8, 1_000_000).await.unwrap();
    let port = arena.shop.public_port(Member(Workload::Order, 0)).unwrap();
    let mut random = SmallRng::seed_from_u64(17);
    let mut under_way = JoinSet::new();
    for (number, order) in arena
        .orders(&mut random, &skus, requests, &[])
        .into_iter()
        .enumerate()
    {
        let body = order_body(&order.items, None).to_string();
        let bytes = request(&buyers[number % buyers.len()], &order.key, &body);
        // A quarter of the requests is sent incompletely.
        let sent = if random.random_range(0..4) == 0 {
            random.random_range(0..bytes.len())
        } else {
            bytes.len()
        };
        let wait = Duration::from_micros(random.random_range(0..30_000));
        under_way.spawn(disconnect(port, bytes, sent, wait));
        if under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
    }
    under_way.join_all().await;

    let idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
    let begun = Instant::now();
    while arena.count("order", idle).unwrap() > 0 {
        // Postgres would end the sessions of the services themselves after five seconds.
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "a session is idle in a transaction"
        );
        sleep(Duration::from_millis(50)).await;
    }

    let orders = arena.orders(&mut random, &skus, 1_000, &[]);
    let crowd = arena.crowd(&buyers, orders, Duration::from_mins(1));
    let journal = crowd.join_all().await;
    let placed = journal
        .iter()
        .filter(|entry| matches!(entry.outcome, Outcome::Placed(_)))
        .count();
    assert_eq!(placed, 1_000);
    arena.audit(&journal).await.unwrap();
    let orders = arena.count("order", "SELECT count(*) FROM orders").unwrap();
    let ended = arena.count(
        "postgres",
        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'",
    );
    assert_eq!(ended.unwrap(), 0);
    eprintln!(
        "aborted clients: {requests} disconnected, {} of their orders were placed all the same, 0 sessions idle in transaction, the next {placed} orders placed",
        orders - 1_000
    );
}
