//! Clients that disconnect in the middle of a request: no write is cancelled half-way, and no session is left in a
//! transaction.

use std::time::Duration;

use db::testing::eventually;
use sqlx::PgPool;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::support::shop::{Shop, order_of};

const CLIENTS: u64 = 400;

#[sqlx::test]
async fn clients_that_hang_up_by_the_hundred_leave_no_transaction_open(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let _sagas = shop.start_sagas();
    shop.product.restock("MUG-1", 100_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = shop.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let body = order_of(&[("MUG-1", 1)]).to_string();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let token = shop.customer().token;
        let request = if number % 4 == 0 {
            format!(
                "GET /api/v1/orders HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {token}\r\n\r\n"
            )
        } else {
            format!(
                "POST /api/v1/orders HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {token}\r\nidempotency-key: k\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        clients.spawn(async move {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(number * 97 % 30_000)).await;
        });
    }
    clients.join_all().await;
    // What was begun is finished: a transaction left open would stay busy forever.
    let mut quiet = 0;
    eventually("all is finished", async || {
        tokio::time::sleep(Duration::from_millis(25)).await;
        let unfinished = shop.count("sagas WHERE finished_at IS NULL").await;
        let calm = unfinished == 0 && busy(&shop).await == 0;
        quiet = if calm { quiet + 1 } else { 0 };
        quiet == 10
    })
    .await;
    let orders = shop.count("orders").await;
    assert!(
        orders > 0,
        "some requests got through before their client had gone"
    );
    assert_eq!(shop.count("idempotency_keys").await, orders);
    assert_eq!(
        shop.count("orders WHERE status = 'confirmed'").await,
        orders
    );
    server.abort();
}

/// Sessions of this database that are busy or idle in a transaction, except the one that counts.
async fn busy(shop: &Shop) -> i64 {
    shop.count("pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()").await
}
