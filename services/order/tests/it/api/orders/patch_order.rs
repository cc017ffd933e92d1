//! `PATCH /orders/{id}`, and `PUT`.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, address, order_of};

async fn placed(shop: &Shop, customer: &Person) -> (Answer, String) {
    let placed = shop.place(customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let path = format!("/api/v1/orders/{}", placed.id());
    (placed, path)
}

#[sqlx::test]
async fn address_and_note_of_a_pending_order_change(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let (before, path) = placed(&shop, &customer).await;
    let change =
        json!({ "shipping_address": { "line2": "2nd floor", "country": "fr" }, "note": " Ring. " });
    let changed = shop
        .ask(&customer, "PATCH", &path, &[("if-match", "\"1\"")], &change)
        .await;
    assert_eq!(
        (changed.status.as_u16(), &changed.headers["etag"]),
        (200, &"\"2\"".parse().unwrap())
    );
    let mut expected = before.body["shipping_address"].clone();
    expected["line2"] = json!("2nd floor");
    expected["country"] = json!("FR");
    assert_eq!(
        (&changed.body["shipping_address"], &changed.body["note"]),
        (&expected, &json!("Ring."))
    );
    assert_eq!(shop.get(&customer, &path).await.body, changed.body);

    // PUT does the same, an admin may use it, null removes a value, and an unchanged order keeps its version.
    let removal = json!({ "shipping_address": { "line2": null }, "note": null });
    for _ in 0..2 {
        let changed = shop
            .ask(&shop.admin(), "PUT", &path, &[("if-match", "*")], &removal)
            .await;
        assert_eq!(
            (changed.status.as_u16(), &changed.headers["etag"]),
            (200, &"\"3\"".parse().unwrap())
        );
        assert_eq!(changed.body["note"], Value::Null);
        assert!(changed.body["shipping_address"].get("line2").is_none());
    }
    let written: Vec<(Value, String)> = sqlx::query_as(
        "SELECT data -> 'changed', actor FROM order_events WHERE event_type = 'order.updated' ORDER BY version",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let both = json!(["shipping_address", "note"]);
    assert_eq!(
        written,
        [
            (both.clone(), "customer".to_owned()),
            (both, "admin".to_owned())
        ]
    );
}

#[sqlx::test]
async fn a_stale_or_missing_etag_is_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let (_, path) = placed(&shop, &customer).await;
    let note = json!({ "note": "x" });
    let missing = shop.ask(&customer, "PATCH", &path, &[], &note).await;
    assert_eq!(missing.refusal(), (428, "if_match_required"));
    for stale in ["\"2\"", "W/\"1\"", "\"x\""] {
        let refused = shop
            .ask(&customer, "PATCH", &path, &[("if-match", stale)], &note)
            .await;
        assert_eq!(refused.refusal(), (412, "precondition_failed"), "{stale}");
    }
    // Of writers that read the same version one succeeds.
    let headers = [("if-match", "\"1\"")];
    let notes: Vec<Value> = (0..6)
        .map(|n| json!({ "note": format!("note {n}") }))
        .collect();
    let ask = |note| shop.ask(&customer, "PATCH", &path, &headers, note);
    let (a, b, c, d, e, f) = tokio::join!(
        ask(&notes[0]),
        ask(&notes[1]),
        ask(&notes[2]),
        ask(&notes[3]),
        ask(&notes[4]),
        ask(&notes[5])
    );
    let mut statuses: Vec<u16> = [a, b, c, d, e, f]
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
}

#[sqlx::test]
async fn once_confirmed_it_keeps_them(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let (_, path) = placed(&shop, &customer).await;
    shop.drive().await;
    let refused = shop
        .ask(
            &customer,
            "PATCH",
            &path,
            &[("if-match", "*")],
            &json!({ "note": "x" }),
        )
        .await;
    assert_eq!(refused.refusal(), (409, "order_not_pending"));
    assert_eq!(refused.body["current_status"], "confirmed");
}

#[sqlx::test]
async fn foreign_orders_and_other_roles_are_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, path) = placed(&shop, &shop.customer()).await;
    let (any, note) = ([("if-match", "*")], json!({ "note": "x" }));
    let ask = async |person: Person| shop.ask(&person, "PATCH", &path, &any, &note).await;
    assert_eq!(ask(shop.customer()).await.refusal(), (404, "not_found"));
    for roles in [&[Role::Vendor][..], &[]] {
        assert_eq!(ask(shop.person(roles)).await.refusal(), (403, "forbidden"));
    }
    assert_eq!(shop.count("order_events").await, 1);
}

#[sqlx::test]
async fn bad_bodies_are_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let (_, path) = placed(&shop, &customer).await;
    let any = [("if-match", "*")];
    let long = "x".repeat(1_001);
    let cases = [
        (json!({ "note": long }), "/note"),
        (json!({ "note": 7 }), "/note"),
        (json!({ "note": "a\u{7}" }), "/note"),
        (json!({ "shipping_address": null }), "/shipping_address"),
        (
            json!({ "shipping_address": { "name": null } }),
            "/shipping_address/name",
        ),
        (
            json!({ "shipping_address": { "name": " " } }),
            "/shipping_address/name",
        ),
        (
            json!({ "shipping_address": { "country": "GBR" } }),
            "/shipping_address/country",
        ),
        (
            json!({ "shipping_address": { "region": "a\nb" } }),
            "/shipping_address/region",
        ),
        (
            json!({ "shipping_address": { "city": "a\u{0}" } }),
            "/shipping_address/city",
        ),
    ];
    for (body, pointer) in cases {
        let refused = shop.ask(&customer, "PATCH", &path, &any, &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![pointer]),
            "{body}"
        );
    }
    for body in [
        json!({ "status": "completed" }),
        json!({ "shipping_address": { "planet": "Mars" } }),
    ] {
        let refused = shop.ask(&customer, "PATCH", &path, &any, &body).await;
        assert_eq!(refused.status, 422, "{body}");
    }
    let text = [("if-match", "*"), ("content-type", "text/plain")];
    let refused = shop
        .ask(&customer, "PATCH", &path, &text[..1], &Value::Null)
        .await;
    assert_eq!(refused.status, 415);
    let merge = [
        ("if-match", "*"),
        ("content-type", "application/merge-patch+json"),
    ];
    let mut request = axum::http::Request::patch(&path)
        .header("authorization", format!("Bearer {}", customer.token));
    for (name, value) in merge {
        request = request.header(name, value);
    }
    let body = json!({ "shipping_address": address() }).to_string();
    let taken = shop.send(request.body(body.into()).unwrap()).await;
    assert_eq!(
        (taken.status.as_u16(), &taken.headers["etag"]),
        (200, &"\"1\"".parse().unwrap())
    );
}
