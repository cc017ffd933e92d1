use axum::{
    Json, Router,
    body::Bytes,
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::*;
use crate::{
    JsonBody,
    server::{Port, layered, layered_within},
};

fn router() -> Router {
    let read = |JsonBody(body): JsonBody<Value>| async move { Json(body) };
    Router::new()
        .route("/", get(|| async { StatusCode::UNAUTHORIZED }))
        .route("/read", post(read))
        .route(
            "/bytes",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .route(
            "/refuse",
            post(|| async { Problem::unauthorized("token_missing", "No.") }),
        )
        .route("/done", post(|| async { "done" }))
}

fn public() -> Router {
    layered(router(), &TaskTracker::new(), Port::Public)
}

async fn client() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, public()).await });
    TcpStream::connect(address).await.unwrap()
}

async fn answer(client: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(5), client.read(&mut answer));
    let length = read.await.expect("an answer within 5 s").unwrap();
    String::from_utf8_lossy(&answer[..length]).to_ascii_lowercase()
}

fn status(answer: &str) -> &str {
    answer.lines().next().unwrap_or("the connection ended")
}

/// A body that sends what it is told to, and ends when its sender is dropped.
fn body() -> (tokio::sync::mpsc::UnboundedSender<Bytes>, Body) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let pieces = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let pieces = futures::StreamExt::map(pieces, Ok::<Bytes, std::io::Error>);
    (sender, Body::from_stream(pieces))
}

fn json_request(path: &str, body: Body) -> Request {
    Request::post(path)
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

fn text_of(length: usize) -> Bytes {
    format!("\"{}\"", "x".repeat(length - 2)).into()
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_for_every_reader() {
    for path in ["/read", "/bytes"] {
        for (length, expected) in [(MAX_BYTES, 200), (MAX_BYTES + 1, 413)] {
            let request = json_request(path, Body::from(text_of(length)));
            let answer = public().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), expected, "{path} {length}");
            // No length is announced here.
            let (sender, body) = body();
            sender.send(text_of(length)).unwrap();
            drop(sender);
            let answer = public().oneshot(json_request(path, body)).await.unwrap();
            assert_eq!(answer.status(), expected, "{path} {length} in pieces");
        }
    }
}

#[tokio::test]
async fn a_length_over_the_limit_is_413_at_once_and_its_sender_hears_it() {
    let mut client = client().await;
    let head = format!(
        "POST /read HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        2 * MAX_BYTES
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let refusal = answer(&mut client).await;
    assert_eq!(status(&refusal), "http/1.1 413 payload too large");
    assert!(refusal.contains("connection: close"), "{refusal}");
    // A client that goes on sending is not cut off in the middle.
    client.write_all(&vec![b' '; 2 * MAX_BYTES]).await.unwrap();
    assert_eq!(client.read(&mut [0; 16]).await.unwrap(), 0);
}

#[tokio::test]
async fn who_waits_to_be_asked_for_the_body_is_refused_without_it() {
    let mut client = client().await;
    let head = "POST /refuse HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let refusal = answer(&mut client).await;
    assert_eq!(status(&refusal), "http/1.1 401 unauthorized");
    assert!(refusal.contains("connection: close"), "{refusal}");
}

#[tokio::test]
async fn a_request_refused_before_its_body_came_leaves_the_connection_in_order() {
    let mut client = client().await;
    for path in ["/", "/", "/", "/none"] {
        let head = format!("GET {path} HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n");
        client.write_all(head.as_bytes()).await.unwrap();
        // Long enough for an answer that does not wait for the body, and for the server to hang up after it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        client.write_all(b"{}").await.unwrap();
        let expected = if path == "/" {
            "http/1.1 401 unauthorized"
        } else {
            "http/1.1 404 not found"
        };
        assert_eq!(status(&answer(&mut client).await), expected);
    }
}

/// On a clock that is paused, an answer that never comes would be waited for without an end.
async fn in_time(router: Router, request: Request) -> axum::response::Response {
    let answer = tokio::time::timeout(Duration::from_mins(1), router.oneshot(request)).await;
    answer.expect("an answer within a minute").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_408() {
    let never = || Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let reading = Router::new().route("/", get(|| async { "read" }));
    let router = layered(reading, &TaskTracker::new(), Port::Public);
    let request = Request::get("/").body(never()).unwrap();
    let answer = in_time(router, request).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    let answer = in_time(public(), json_request("/read", never())).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    // What was done is told, and the connection ends.
    let answer = in_time(public(), json_request("/done", never())).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["connection"], "close");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_cut() {
    let (sender, body) = body();
    tokio::spawn(async move {
        while sender.send(Bytes::from_static(b" ")).is_ok() {
            tokio::time::sleep(Duration::from_secs(9)).await;
        }
    });
    let started = tokio::time::Instant::now();
    let answer = in_time(public(), json_request("/read", body)).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    assert!(started.elapsed() < Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn all_bodies_together_hold_no_more_than_their_share_and_small_ones_always_pass() {
    let router = layered_within(router(), &TaskTracker::new(), Port::Public, 1);
    let mut held = Vec::new();
    let send = |body| tokio::spawn(router.clone().oneshot(json_request("/read", body)));
    // Two of half a MiB fit, beside the first 16 KiB of each; both stay unfinished.
    for _ in 0..2 {
        let (sender, body) = body();
        sender.send(text_of(520 * 1024)).unwrap();
        held.push((send(body), sender));
    }
    // On a clock that is paused this ends when nothing else can go on.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let third = send(Body::from(text_of(100 * 1024)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(third.headers().contains_key("retry-after"));
    let small = send(Body::from(text_of(10 * 1024))).await.unwrap().unwrap();
    assert_eq!(small.status(), StatusCode::OK);
    for (answer, sender) in held {
        drop(sender);
        assert_eq!(answer.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    let third = send(Body::from(text_of(100 * 1024)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        third.status(),
        StatusCode::OK,
        "what was held is given back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_nothing_of_a_body() {
    let router = layered_within(router(), &TaskTracker::new(), Port::Public, 1);
    // A refused request takes nothing of the share: 50 times as much passes.
    let refused: Vec<_> = (0..50)
        .map(|index| {
            let path = if index % 2 == 0 { "/refuse" } else { "/none" };
            let (sender, body) = body();
            sender.send(Bytes::from(vec![b' '; MAX_BYTES])).unwrap();
            (
                tokio::spawn(router.clone().oneshot(json_request(path, body))),
                sender,
            )
        })
        .collect();
    // On a clock that is paused this ends when nothing else can go on.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let request = json_request("/read", Body::from(text_of(900 * 1024)));
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    for (answer, sender) in refused {
        drop(sender);
        let status = answer.await.unwrap().unwrap().status();
        assert!(status == 401 || status == 404, "{status}");
    }
}

#[tokio::test]
async fn two_tokens_are_one_too_many() {
    let twice = |first: &'static str, second: &'static str| {
        Request::post("/done")
            .header(first, "Bearer a")
            .header(second, "Bearer a")
            .body(Body::from("{}"))
            .unwrap()
    };
    for (first, second) in [
        ("authorization", "authentication"),
        ("authorization", "authorization"),
        ("authentication", "authentication"),
    ] {
        let answer = public().oneshot(twice(first, second)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{first} {second}");
    }
    let once = Request::post("/done")
        .header("authorization", "Bearer a")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        public().oneshot(once).await.unwrap().status(),
        StatusCode::OK
    );
}
