//! `POST /inventory/audit`

use db::testing::eventually;
use product::stock::reservations::commit;
use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::{OPERATOR_TOKEN, Shop, order, transfer};

#[sqlx::test]
async fn it_says_what_does_not_add_up(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    let audit = || async { shop.post("/inventory/audit").by(&shop.admin).send().await };
    let checked =
        json!({ "stock_rows": 1, "reservations": 1, "reservation_lines": 1, "movements": 1 });
    assert_eq!(
        audit().await.ok(200),
        json!({ "ok": true, "violation_count": 0, "violations": [], "checked": checked })
    );
    sqlx::query("UPDATE stock SET allocated = 1")
        .execute(&shop.pool)
        .await
        .unwrap();
    let found = "MUG at main: allocated 1, lines say 2";
    assert_eq!(
        audit().await.ok(200),
        json!({ "ok": false, "violation_count": 1, "violations": [found], "checked": checked })
    );
}

#[sqlx::test]
async fn one_at_a_time(pool: PgPool) {
    let shop = Shop::open(pool);
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('product.audit', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    let audit = || async { shop.post("/inventory/audit").by(&shop.admin).send().await };
    audit().await.refused(409, "audit_running");
    other.rollback().await.unwrap();
    assert_eq!(audit().await.ok(200)["ok"], true);
}

#[sqlx::test]
async fn for_admins_only(pool: PgPool) {
    let shop = Shop::open(pool);
    let audit = || shop.post("/inventory/audit");
    audit().send().await.refused(401, "token_missing");
    for user in [&shop.customer, &shop.vendor] {
        audit().by(user).send().await.refused(403, "forbidden");
    }
}

/// Each kind of wrong row is found, in any chunk, and its kind is reported to the operator.
#[sqlx::test]
async fn every_kind_of_wrong_row_is_found(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["CUP", "MUG"] {
        shop.product(sku, 9).await;
    }
    let orders = [order(&[("MUG", 2), ("CUP", 1)]), order(&[("MUG", 1)])];
    shop.reserve(&orders).await;
    commit(&shop.pool, &[orders[0].order_id]).await.unwrap();
    let goods = transfer(orders[0].order_id, &[("MUG", 1)]);
    shop.ship(std::slice::from_ref(&goods)).await;
    shop.plant(
        "ALTER TABLE movements DISABLE TRIGGER movements_append_only;
         ALTER TABLE stock DROP CONSTRAINT stock_never_oversold",
    )
    .await;
    let audit = || async {
        shop.post("/inventory/audit")
            .by(&shop.admin)
            .send()
            .await
            .ok(200)
    };
    assert_eq!(audit().await["ok"], true);
    for (code, wrong, right) in [
        (
            "on_hand",
            "UPDATE stock SET on_hand = on_hand + 1 WHERE sku = 'MUG'",
            "UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 'MUG'",
        ),
        (
            "held",
            "UPDATE stock SET held = held + 1 WHERE sku = 'CUP'",
            "UPDATE stock SET held = held - 1 WHERE sku = 'CUP'",
        ),
        (
            "allocated",
            "UPDATE stock SET allocated = allocated - 1 WHERE sku = 'CUP'",
            "UPDATE stock SET allocated = allocated + 1 WHERE sku = 'CUP'",
        ),
        (
            "shipped",
            "UPDATE hold_lines SET shipped = 0, released = released + 1 WHERE shipped = 1",
            "UPDATE hold_lines SET shipped = 1, released = 0 WHERE released = 1",
        ),
        (
            "returned",
            "UPDATE hold_lines SET returned = 1 WHERE shipped = 1",
            "UPDATE hold_lines SET returned = 0",
        ),
        (
            "oversold",
            "UPDATE stock SET held = held + 99 WHERE sku = 'CUP'",
            "UPDATE stock SET held = held - 99 WHERE sku = 'CUP'",
        ),
        (
            "stock_without_product",
            "UPDATE products SET sku = 'CUP2' WHERE sku = 'CUP'",
            "UPDATE products SET sku = 'CUP' WHERE sku = 'CUP2'",
        ),
        (
            "total",
            "UPDATE holds SET total_minor = total_minor + 1",
            "UPDATE holds SET total_minor = total_minor - 1",
        ),
        (
            "line_of_ended_hold",
            "UPDATE hold_lines SET released = 1 FROM holds WHERE holds.order_id = hold_lines.order_id AND state = 'held'",
            "UPDATE hold_lines SET released = 0 FROM holds WHERE holds.order_id = hold_lines.order_id AND state = 'held'",
        ),
        (
            "hold_without_lines",
            "UPDATE hold_lines SET order_id = gen_random_uuid() WHERE quantity = 1 AND sku = 'MUG'",
            "",
        ),
        ("lines_without_hold", "", ""),
        (
            "line_without_stock",
            "UPDATE stock SET location = 'moon' WHERE sku = 'CUP'",
            "",
        ),
        (
            "shortfall",
            "INSERT INTO shortfalls (id, order_id, sku, location, quantity) VALUES (gen_random_uuid(), gen_random_uuid(), 'MUG', 'main', 1)",
            "",
        ),
        (
            "shortfall_open",
            "UPDATE shortfalls SET created_at = now() - interval '1 hour'",
            "",
        ),
    ] {
        shop.plant(wrong).await;
        let found = audit().await;
        assert_eq!(found["ok"], false, "{code}");
        // The session of the audit ends a moment after the response.
        let mut report = json!(null);
        eventually("the session has ended", async || {
            let call = shop.observe("/internal/audit");
            let call = call.header("authorization", &format!("Bearer {OPERATOR_TOKEN}"));
            report = call.send().await.ok(200);
            report["running"] == false
        })
        .await;
        assert_eq!(report["consistent"], false);
        let codes: Vec<_> = report["findings"].as_array().unwrap().iter().collect();
        assert!(
            codes
                .iter()
                .any(|finding| finding["code"] == code && finding["count"].as_u64() > Some(0)),
            "{code}: {report}"
        );
        shop.plant(right).await;
    }
}

#[sqlx::test]
async fn the_operator_reads_what_the_last_one_found(pool: PgPool) {
    let shop = Shop::open(pool);
    let read = async |token: &str| {
        let call = shop.observe("/internal/audit");
        call.header("authorization", &format!("Bearer {token}"))
            .send()
            .await
    };
    read("another").await.refused(401, "token_invalid");
    read(crate::support::shop::INTERNAL_TOKEN)
        .await
        .refused(401, "token_invalid");
    assert_eq!(
        read(OPERATOR_TOKEN).await.ok(200),
        json!({ "consistent": null, "finished_at": null, "findings": [], "running": false })
    );
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('product.audit', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    assert_eq!(read(OPERATOR_TOKEN).await.ok(200)["running"], true);
    other.rollback().await.unwrap();
    shop.post("/inventory/audit")
        .by(&shop.admin)
        .send()
        .await
        .ok(200);
    let report = read(OPERATOR_TOKEN).await.ok(200);
    assert_eq!(report["consistent"], true);
    assert!(report["finished_at"].is_string());
}

/// A million lines are read over a connection of its own: the limits of requests do not end it.
#[sqlx::test]
async fn the_time_limit_of_requests_does_not_end_it(pool: PgPool) {
    Shop::open(pool.clone()).product("MUG", 9).await;
    let shop = Shop::open_hurried(pool);
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE movements IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *other)
        .await
        .unwrap();
    let audit = shop.post("/inventory/audit").by(&shop.admin).send();
    let unlock = async {
        eventually("it has waited for longer", async || {
            let overdue = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                    AND clock_timestamp() - query_start > interval '200 ms'";
            let overdue = sqlx::query_scalar::<_, i64>(overdue);
            overdue.fetch_one(&shop.pool).await.unwrap() == 1
        })
        .await;
        other.rollback().await.unwrap();
    };
    let (answer, ()) = futures::future::join(audit, unlock).await;
    assert_eq!(answer.ok(200)["ok"], true);
}
