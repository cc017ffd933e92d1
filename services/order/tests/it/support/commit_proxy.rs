//! A proxy between the service and Postgres that closes the connection before the response to a COMMIT.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

#[derive(Clone, Default)]
struct Orders {
    lose: Arc<AtomicBool>,
    lost: Arc<AtomicU32>,
}

pub struct CommitProxy {
    pub port: u16,
    orders: Orders,
}

impl CommitProxy {
    /// In front of the server of this pool.
    pub async fn open(pool: &PgPool) -> Self {
        let options = pool.connect_options();
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let orders = Orders::default();
        let given = orders.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(forward(from_client, to_server));
                tokio::spawn(answer(from_server, to_client, given.clone()));
            }
        });
        Self { port, orders }
    }

    pub fn lose_next_commit(&self) {
        self.orders.lose.store(true, Ordering::SeqCst);
    }

    pub fn lost(&self) -> u32 {
        self.orders.lost.load(Ordering::SeqCst)
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, orders: Orders) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let answer = &buffer[..length];
        // CommandComplete carries the command's name and a NUL.
        let committed = answer.windows(7).any(|window| window == b"COMMIT\0");
        if committed && orders.lose.swap(false, Ordering::SeqCst) {
            orders.lost.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if to.write_all(answer).await.is_err() {
            return;
        }
    }
}
