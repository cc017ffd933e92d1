use axum::{
    Router,
    body::Body,
    response::Html,
    routing::{get, post},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::*;
use crate::server::{Port, layered};

async fn answer(request: axum::http::request::Builder) -> Response {
    let routes = Router::new()
        .route(
            "/data",
            get(|| async { Json(1) }).post(|| async { Json(1) }),
        )
        .route("/page", get(|| async { Html("<p>") }))
        .route(
            "/keys",
            get(|| async { ([(header::CACHE_CONTROL, "max-age=60")], Json(1)) }),
        )
        .route(
            "/encoded",
            get(|| async { ([(header::VARY, "accept-encoding")], Json(1)) }),
        )
        .route(
            "/refused",
            post(|| async { Problem::conflict("taken", "No.") }),
        );
    layered(routes, &TaskTracker::new(), Port::Public)
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

fn header_of(answer: &Response, name: &str) -> String {
    let values = answer.headers().get_all(name).iter();
    let values: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
    values.join(", ").to_ascii_lowercase()
}

#[tokio::test]
async fn no_cache_keeps_what_a_caller_was_told() {
    let bearer = |name| Request::get("/data").header(name, "Bearer x");
    for request in [
        bearer("authorization"),
        bearer("authentication"),
        Request::post("/data"),
        Request::post("/refused"),
        Request::get("/none"),
        Request::delete("/data"),
    ] {
        let answer = answer(request).await;
        assert_eq!(header_of(&answer, "cache-control"), "private, no-store");
        assert_eq!(header_of(&answer, "vary"), "authorization, authentication");
    }
}

#[tokio::test]
async fn what_everybody_is_told_may_be_kept() {
    let guest = answer(Request::get("/data")).await;
    assert_eq!(header_of(&guest, "cache-control"), "");
    assert_eq!(header_of(&guest, "vary"), "authorization, authentication");
    let keys = answer(Request::get("/keys").header("authorization", "Bearer x")).await;
    assert_eq!(header_of(&keys, "cache-control"), "max-age=60");
    let encoded = answer(Request::get("/encoded")).await;
    assert_eq!(
        header_of(&encoded, "vary"),
        "accept-encoding, authorization, authentication"
    );
}

#[tokio::test]
async fn only_pages_may_run_scripts_and_only_their_own() {
    let policy = |answer: &Response| header_of(answer, "content-security-policy");
    let data = policy(&answer(Request::get("/data")).await);
    assert!(data.starts_with("default-src 'none';"), "{data}");
    assert!(!data.contains("script-src"), "{data}");
    let page = policy(&answer(Request::get("/page")).await);
    assert!(page.contains("script-src 'self';"), "{page}");
    for policy in [data, page] {
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("base-uri 'none'"), "{policy}");
    }
}
