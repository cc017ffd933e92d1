//! `POST /inventory/audit`

use product::reservation::commit;
use serde_json::json;
use sqlx::PgPool;

use crate::shop::{Shop, order};

#[sqlx::test]
async fn it_says_what_does_not_add_up(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let wish = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&wish)).await;
    commit(&shop.pool, &[wish.order_id]).await.unwrap();
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
