//! `PATCH /payments/{id}`, and `PUT` as its alias.

use access::Role;
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::pay,
    shop::{Answer, Person, Shop},
};

async fn write(
    shop: &Shop,
    method: &str,
    person: &Person,
    payment: &Value,
    if_match: Option<&str>,
    body: &Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!(
            "/api/v1/payments/{}",
            payment["id"].as_str().unwrap()
        ))
        .header("authorization", format!("Bearer {}", person.token))
        .header("content-type", "application/json");
    if let Some(tag) = if_match {
        request = request.header("if-match", tag);
    }
    shop.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

#[sqlx::test]
async fn the_note_is_written_by_the_last_to_read_it(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    let path = format!("/api/v1/payments/{}", payment["id"].as_str().unwrap());
    let read = shop.get(&customer, &path).await;
    let tag = read.headers["etag"].to_str().unwrap();
    let note = json!({ "note": " By the company.\n" });
    let written = write(&shop, "PATCH", &customer, &payment, Some(tag), &note).await;
    assert_eq!(
        (written.status.as_u16(), &written.body["note"]),
        (200, &json!("By the company.")),
        "{written:?}"
    );
    assert_eq!(written.body["status"], "captured");
    let fresh = written.headers["etag"].to_str().unwrap();
    assert_ne!(fresh, tag);
    let stale = write(&shop, "PUT", &customer, &payment, Some(tag), &note).await;
    assert_eq!(stale.refusal(), (412, "precondition_failed"));
    let nothing = write(&shop, "PATCH", &customer, &payment, Some(fresh), &json!({})).await;
    assert_eq!(
        (nothing.status.as_u16(), &nothing.body["note"]),
        (200, &json!("By the company."))
    );
    assert_eq!(nothing.headers["etag"], fresh);
    let stale = write(&shop, "PATCH", &customer, &payment, Some(tag), &json!({})).await;
    assert_eq!(stale.refusal(), (412, "precondition_failed"));
    let taken = json!({ "note": null });
    let removed = write(&shop, "PUT", &shop.admin(), &payment, Some("*"), &taken).await;
    assert_eq!(removed.status, 200, "{removed:?}");
    assert_eq!(removed.body.get("note"), None);
}

#[sqlx::test]
async fn nothing_else_is_written_and_no_other_user_writes(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    for body in [
        json!({ "amount": "1.00" }),
        json!({ "status": "refunded" }),
        json!({ "note": 1 }),
        json!({ "note": "x".repeat(1_001) }),
        json!({ "note": "a\u{0}b" }),
    ] {
        let refused = write(&shop, "PATCH", &customer, &payment, Some("*"), &body).await;
        assert_eq!(refused.status, 422, "{body}");
    }
    let note = json!({ "note": "mine" });
    let blind = write(&shop, "PATCH", &customer, &payment, None, &note).await;
    assert_eq!(blind.refusal(), (428, "if_match_required"));
    let foreign = write(&shop, "PATCH", &stranger, &payment, Some("*"), &note).await;
    assert_eq!(foreign.refusal(), (404, "not_found"));
    let nothing = write(&shop, "PATCH", &stranger, &payment, Some("*"), &json!({})).await;
    assert_eq!(nothing.refusal(), (404, "not_found"));
    let vendor = shop.person(&[Role::Vendor]);
    let refused = write(&shop, "PATCH", &vendor, &payment, Some("*"), &note).await;
    assert_eq!(refused.refusal(), (403, "forbidden"));
    let unread = shop
        .get(
            &customer,
            &format!("/api/v1/payments/{}", payment["id"].as_str().unwrap()),
        )
        .await;
    assert_eq!(unread.body, payment);
}
