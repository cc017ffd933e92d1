//! The audit finds inconsistencies: a check that cannot fail would be useless.

use product::stock::reservations::commit;
use sqlx::PgPool;

use crate::support::shop::{Shop, order};

#[sqlx::test]
async fn each_wrong_count_is_found(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let batch = [order(&[("MUG", 2)]), order(&[("MUG", 1)])];
    shop.reserve(&batch).await;
    commit(&shop.pool, &[batch[0].order_id]).await.unwrap();
    shop.assert_counts_add_up().await;
    for (wrong, finding) in [
        (
            "UPDATE stock SET on_hand = on_hand + 1",
            "MUG at main: on_hand 10, movements say 9",
        ),
        (
            "UPDATE stock SET held = held + 1",
            "MUG at main: held 2, lines say 1",
        ),
        (
            "UPDATE stock SET allocated = allocated - 1",
            "MUG at main: allocated 1, lines say 2",
        ),
        (
            "DELETE FROM hold_lines WHERE quantity = 1",
            "MUG at main: held 1, lines say 0",
        ),
        (
            "UPDATE hold_lines SET shipped = 1, released = 1 WHERE quantity = 2",
            "MUG at main: allocated 2, lines say 0",
        ),
        (
            "UPDATE hold_lines SET shipped = 1 WHERE quantity = 1",
            "MUG at main: shipped 0, lines say 1",
        ),
        (
            "UPDATE hold_lines SET released = 1 WHERE quantity = 1",
            "lines of the held hold of order HELD were shipped or released",
        ),
        (
            "DELETE FROM stock",
            "MUG at main: on_hand 0, movements say 9",
        ),
    ] {
        let finding = finding.replace("HELD", &batch[1].order_id.to_string());
        let mut tx = shop.pool.begin().await.unwrap();
        sqlx::raw_sql(wrong).execute(&mut *tx).await.unwrap();
        let found: Vec<String> = sqlx::query_scalar(include_str!("../../../audit.sql"))
            .fetch_all(&mut *tx)
            .await
            .unwrap();
        assert_eq!(
            found.first().map(String::as_str),
            Some(finding.as_str()),
            "{wrong}: {found:?}"
        );
        tx.rollback().await.unwrap();
    }
}

#[sqlx::test]
async fn movements_are_only_ever_added_to(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    for change in ["UPDATE movements SET delta = 1", "DELETE FROM movements"] {
        assert!(
            sqlx::raw_sql(change).execute(&shop.pool).await.is_err(),
            "{change}"
        );
    }
}

#[sqlx::test]
async fn the_table_itself_refuses_to_oversell(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    for (change, rule) in [
        ("UPDATE stock SET held = 4", "stock_never_oversold"),
        (
            "UPDATE stock SET held = 2, allocated = 2",
            "stock_never_oversold",
        ),
        ("UPDATE stock SET held = -1", "stock_held_not_negative"),
        (
            "UPDATE stock SET allocated = -1",
            "stock_allocated_not_negative",
        ),
    ] {
        let refused = sqlx::raw_sql(change).execute(&shop.pool).await.unwrap_err();
        assert_eq!(db::constraint(&refused), Some(rule), "{change}");
    }
}
