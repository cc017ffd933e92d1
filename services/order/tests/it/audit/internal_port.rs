//! The audit on the internal port, where the operator reads its result and requests another.

use access::internal::AllowedCallers;
use axum::{Router, body::Body, http::Request};
use db::testing::eventually;
use order::app::{internal, service};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use web::server::{Port, layered};

use super::damaged::Damaged;
use crate::support::shop::Shop;

/// The internal port of a serving process, to which `order` and `operator` have tokens.
fn port(shop: &Shop, operators: &str) -> Router {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("audit-callers-{}", clock::Ids::system().uuid()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("product"), "products-token\n").unwrap();
    std::fs::write(folder.join(operators), "operators-token\n").unwrap();
    let callers = AllowedCallers::new(folder, &["operator"]);
    let service = service(Some((&shop.pool).into()));
    let port = internal(&service, shop.auditor(), Some(callers));
    layered(port, &TaskTracker::new(), Port::Internal)
}

async fn ask(port: &Router, method: &str, token: Option<&str>) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri("/internal/audit");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = port.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 100_000).await;
    let body = serde_json::from_slice(&body.unwrap()).unwrap_or_default();
    (status, body)
}

#[sqlx::test]
async fn the_operator_reads_what_the_last_one_found_and_asks_for_another(pool: PgPool) {
    let damaged = Damaged::open(pool).await;
    let port_of_shop = port(&damaged.shop, "operator");
    let operator = Some("operators-token");
    for method in ["GET", "POST"] {
        let (status, body) = ask(&port_of_shop, method, None).await;
        assert_eq!((status, &body["code"]), (401, &json!("token_missing")));
        for token in ["products-token", "nonsense"] {
            let (status, body) = ask(&port_of_shop, method, Some(token)).await;
            assert_eq!((status, &body["code"]), (401, &json!("token_invalid")));
        }
        let unknown = port(&damaged.shop, "nobody");
        assert_eq!(ask(&unknown, method, operator).await.0, 503, "no such file");
    }
    assert_eq!(
        ask(&port_of_shop, "GET", operator).await,
        (
            200,
            json!({ "consistent": null, "finished_at": null, "findings": [], "running": false })
        )
    );
    damaged
        .plant("UPDATE orders SET tax_minor = tax_minor + 1")
        .await;
    assert_eq!(ask(&port_of_shop, "POST", operator).await.0, 202);
    let mut report = Value::Null;
    eventually("the audit has finished", async || {
        let (status, body) = ask(&port_of_shop, "GET", operator).await;
        assert_eq!(status, 200);
        report = body;
        report["running"] == false && !report["finished_at"].is_null()
    })
    .await;
    assert_eq!(report["consistent"], false);
    assert_eq!(report["findings"][0]["code"], "order_total");
    assert_eq!(
        report["findings"][0]["count"],
        damaged.shop.count("orders").await
    );
    let mut other = damaged.shop.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('order.audit', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(ask(&port_of_shop, "GET", operator).await.1["running"], true);
    let (status, body) = ask(&port_of_shop, "POST", operator).await;
    assert_eq!((status, &body["code"]), (409, &json!("audit_running")));
}
