//! A server that stops answering and comes back, for tests: a proxy that keeps every connection open and lets
//! nothing through, as a stopped backend or a cut network does.

mod eventually;
pub mod migrations;
pub mod small_disk;

use std::io;

use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub use self::eventually::{eventually, within};
use crate::Database;

pub struct Proxy {
    database: Database,
    stalled: watch::Sender<bool>,
}

impl Proxy {
    /// In front of the database of this pool.
    pub async fn open(pool: &PgPool) -> io::Result<Self> {
        let options = pool.connect_options();
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let database = Database {
            url: Some(url(&options, listener.local_addr()?.port())),
            url_file: None,
            max_connections: 4,
        };
        let (stalled, watched) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server.clone(), watched.clone()));
            }
        });
        Ok(Self { database, stalled })
    }

    /// The database as a service finds it behind this proxy.
    pub fn database(&self, max_connections: u32) -> Database {
        Database {
            max_connections,
            ..self.database.clone()
        }
    }

    /// From now on nothing gets through, and nothing is closed.
    pub fn stall(&self) {
        self.stalled.send_replace(true);
    }

    pub fn resume(&self) {
        self.stalled.send_replace(false);
    }
}

fn url(options: &PgConnectOptions, port: u16) -> String {
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    format!("postgres://{user}@127.0.0.1:{port}/{database}?sslmode=disable")
}

async fn serve(client: TcpStream, server: (String, u16), stalled: watch::Receiver<bool>) {
    let mut waiting = stalled.clone();
    if waiting.wait_for(|stalled| !stalled).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::spawn(copy(from_client, to_server, stalled.clone()));
    copy(from_server, to_client, stalled).await;
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut stalled: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let resumed = stalled.wait_for(|stalled| !stalled).await.is_ok();
        if !resumed || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
