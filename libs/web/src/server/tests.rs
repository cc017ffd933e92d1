use axum::{
    body::Body,
    http::{Method, Request},
    routing::post,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;

use super::*;

#[tokio::test]
async fn odd_paths_and_methods_make_no_series() {
    let (count_requests, metrics) = request_metrics();
    let api = Router::new()
        .route("/products/{id}", get(|| async { "shown" }))
        .route("/orders", post(|| async { "placed" }));
    let routes = Router::new().nest("/api", api).layer(count_requests);
    let service = layered(routes, &TaskTracker::new(), Port::Public);
    let ask = async |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        service.clone().oneshot(request).await.unwrap().status()
    };
    let series = || {
        let text = metrics.render();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.count()
    };
    for method in ["GET", "ODD"] {
        for path in ["/", "/api/products/1", "/api/orders"] {
            ask(method, path).await;
        }
    }
    let before = series();
    for number in 0..1_000 {
        let long = "x".repeat(1_000);
        assert_eq!(ask("GET", &format!("/{number}/{long}")).await, 404);
        assert_eq!(ask("GET", &format!("/api/{number}/{long}")).await, 404);
        assert_eq!(ask("GET", &format!("/api/products/{number}")).await, 200);
        assert_eq!(ask(&format!("ODD{number}"), "/api/orders").await, 405);
        assert_eq!(
            ask(&format!("ODD{number}"), &format!("/{number}")).await,
            404
        );
    }
    assert_eq!(series(), before);
    let text = metrics.render();
    assert!(text.contains("endpoint=\"unmatched\""), "{text}");
    assert!(text.contains("endpoint=\"/api/products/{id}\""), "{text}");
    assert!(text.len() < 64 * 1024);
}

async fn ask(client: &mut TcpStream) -> String {
    let request = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
    // It may be closed already: then there is something to read all the same.
    let _ = client.write_all(request).await;
    let mut answer = vec![0; 2048];
    let length = client.read(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn connections_beyond_the_limit_are_503_until_one_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "served" }));
    let (stop, stopping) = watch::channel(false);
    let served = tokio::spawn(connections::serve(listener, router, 2, stopping));
    let connect = async || TcpStream::connect(address).await.unwrap();

    let (mut first, mut second) = (connect().await, connect().await);
    assert!(ask(&mut first).await.ends_with("served"));
    assert!(ask(&mut second).await.ends_with("served"));
    for _ in 0..3 {
        let refusal = ask(&mut connect().await).await;
        assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal}");
        assert!(refusal.contains("Retry-After: 1\r\n"), "{refusal}");
        let body = refusal.split_once("\r\n\r\n").unwrap().1;
        assert!(
            serde_json::from_str::<serde_json::Value>(body).is_ok(),
            "{body}"
        );
    }
    assert!(
        ask(&mut first).await.ends_with("served"),
        "the others go on"
    );
    drop(second);
    let third = async { while !ask(&mut connect().await).await.ends_with("served") {} };
    let served_third = tokio::time::timeout(Duration::from_secs(5), third).await;
    served_third.expect("the place of the second is free");

    stop.send_replace(true);
    let ended = tokio::time::timeout(Duration::from_secs(5), served).await;
    ended
        .expect("idle connections end with the server")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_head_that_grows_is_431() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "served" }));
    let (_stop, stopping) = watch::channel(false);
    tokio::spawn(connections::serve(listener, router, 8, stopping));
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: shop\r\nX-Long: {}",
        "x".repeat(100_000)
    );
    let _ = client.write_all(head.as_bytes()).await;
    let mut answer = vec![0; 2048];
    let length = client.read(&mut answer).await.unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}
