//! The connections of one port: limited in number, each with bounded buffers and a limit on its silence.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::warn;

use super::stopped;

/// A request's head, and what is read of its body at a time. Larger heads are answered with 431.
const MAX_BUFFER: usize = 64 * 1024;
/// Time to send a request's head. It also applies while a connection waits for its next request, so it is longer than
/// the idle time of proxies (90 s is usual): the side that may send must be the one that closes.
const HEAD_PATIENCE: Duration = Duration::from_secs(100);
/// Time that a client beyond the limit has to read its refusal, and refusals under way at a time; more are cut off.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(1);
const MAX_REFUSALS: usize = 256;
/// Pause after a failed accept, for example without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const REFUSAL: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\
    Retry-After: 1\r\nConnection: close\r\nContent-Length: ";
const REFUSAL_BODY: &str = r#"{"type":"https://ecommercestack.dev/problems/unavailable","title":"Service Unavailable","status":503,"detail":"Too many connections; the request was not processed. Retry after the time in Retry-After.","code":"unavailable"}"#;

/// Answers until `stop` turns true, then until every connection has finished its request.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    most: usize,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(most));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let mut full = false;
    let connections = TaskTracker::new();
    let mut stopping = pin!(stopped(stop.clone()));
    loop {
        let accepted = tokio::select! {
            () = &mut stopping => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted.inspect_err(|error| {
            warn!(
                error = error as &dyn std::error::Error,
                "cannot accept a connection"
            );
        }) else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            full = false;
            connections.spawn(answer(stream, peer, router.clone(), place, stop.clone()));
            continue;
        }
        if !std::mem::replace(&mut full, true) {
            warn!(
                most,
                "connection limit reached; further connections are answered with 503"
            );
        }
        if let Ok(turn) = Arc::clone(&refusals).try_acquire_owned() {
            tokio::spawn(async move {
                // The connection ends in any case.
                let _ = tokio::time::timeout(REFUSAL_PATIENCE, refuse(stream)).await;
                drop(turn);
            });
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    Ok(())
}

async fn answer(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    place: OwnedSemaphorePermit,
    stop: watch::Receiver<bool>,
) {
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(MAX_BUFFER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    // A broken connection is no error of the server.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopped(stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
    drop(place);
}

/// Responds after reading as little as possible, so that the client sees the reason before the connection ends.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    let answer = format!("{REFUSAL}{}\r\n\r\n{REFUSAL_BODY}", REFUSAL_BODY.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
