//! Reserving: verdicts, retries, and the independence of orders in a batch.

use product::stock::reservations::{
    Release,
    model::{Hash, Item, Verdict},
    release,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::shop::{Shop, held, id, order};

#[sqlx::test]
async fn a_hold_carries_prices_names_and_vendors(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 5).await;
    let mut reservation = order(&[("mug", 2)]);
    reservation.expected_total_minor = Some(2_000);
    let verdicts = shop.reserve(std::slice::from_ref(&reservation)).await;
    let Verdict::Held {
        order_id,
        currency,
        total_minor,
        lines,
        ..
    } = &verdicts[0]
    else {
        panic!("{verdicts:?}")
    };
    assert_eq!(
        (*order_id, currency.code(), *total_minor),
        (reservation.order_id, "USD", 2_000)
    );
    assert_eq!(
        format!("prd_{}", lines[0].product_id),
        mug["id"].as_str().unwrap()
    );
    assert_eq!(
        (
            lines[0].vendor_id,
            lines[0].sku.as_str(),
            lines[0].name.as_str()
        ),
        (shop.vendor.id, "MUG", "The MUG")
    );
    assert_eq!((lines[0].unit_price_minor, lines[0].quantity), (1_000, 2));
    assert_eq!(shop.counters("MUG").await, (5, 2, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_retry_finds_the_first_hold_and_holds_nothing_twice(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let first = order(&[("MUG", 2), ("CUP", 1)]);
    let mut retry = first.clone();
    retry.order_id = id();
    let verdicts = [
        shop.reserve(std::slice::from_ref(&first)).await,
        shop.reserve(&[retry.clone()]).await,
    ]
    .concat();
    assert_eq!(
        verdicts[0], verdicts[1],
        "the same answer, with the first order id"
    );
    assert_eq!(held(&verdicts[1]), Some(first.order_id));

    let twins = [order(&[("MUG", 1)])];
    let twin = [
        twins[0].clone(),
        product::stock::reservations::model::Reservation {
            order_id: id(),
            ..twins[0].clone()
        },
    ];
    let verdicts = shop.reserve(&twin).await;
    assert_eq!(verdicts[0], verdicts[1], "in one batch too");
    assert_eq!(shop.counters("MUG").await, (5, 3, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_retry_survives_a_price_change_and_a_disabled_product(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    let first = shop.reserve(std::slice::from_ref(&reservation)).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    let change = serde_json::json!({ "price": "99.00", "status": "disabled" });
    shop.patch(&path)
        .by(&shop.vendor)
        .header("if-match", "*")
        .json(&change)
        .await
        .ok(200);
    assert_eq!(shop.reserve(&[reservation]).await, first);
    assert!(matches!(
        &shop.reserve(&[order(&[("MUG", 1)])]).await[0],
        Verdict::UnknownProduct { .. }
    ));
}

#[sqlx::test]
async fn another_request_under_the_same_key_is_a_mismatch(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let first = order(&[("MUG", 1)]);
    shop.reserve(std::slice::from_ref(&first)).await;
    let mut other = order(&[("MUG", 3)]);
    other.request_key = first.request_key;
    assert_eq!(shop.reserve(&[other]).await, [Verdict::FingerprintMismatch]);
    assert_eq!(shop.counters("MUG").await, (5, 1, 0));
}

#[sqlx::test]
async fn one_orders_failure_is_its_own(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 1).await;
    let by_id = |id: Uuid| {
        let mut reservation = order(&[("MUG", 1)]);
        reservation.lines[0].item = Item::Product(id);
        reservation
    };
    let mut dear = order(&[("MUG", 1)]);
    dear.expected_total_minor = Some(999);
    let batch = [
        order(&[("MUG", 3), ("CUP", 2)]),
        order(&[("NO-SUCH", 1), ("not a sku", 1), ("MUG", 1)]),
        by_id(id()),
        dear,
        order(&[("MUG", 5)]),
        order(&[("MUG", 1)]),
    ];
    let verdicts = serde_json::to_value(shop.reserve(&batch).await).unwrap();
    assert_eq!(
        verdicts[0],
        serde_json::json!({
            "verdict": "out_of_stock", "lines": [{ "sku": "CUP", "requested": 2, "available": 1 }],
        })
    );
    assert_eq!(
        verdicts[1],
        serde_json::json!({
            "verdict": "unknown_product", "lines": [{ "index": 0, "sku": "NO-SUCH" }, { "index": 1, "sku": "not a sku" }],
        })
    );
    assert_eq!(verdicts[2]["lines"][0]["index"], 0);
    assert_eq!(
        verdicts[3],
        serde_json::json!({ "verdict": "price_changed", "total_minor": 1_000 })
    );
    assert_eq!(
        verdicts[4]["verdict"], "held",
        "the refused ones before took nothing"
    );
    assert_eq!(verdicts[5]["lines"][0]["available"], 0);
    assert_eq!(shop.counters("MUG").await, (5, 5, 0));
    assert_eq!(shop.counters("CUP").await, (1, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_draft_or_deleted_product_is_unknown(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 5).await;
    shop.delete(&format!("/products/{}", mug["id"].as_str().unwrap()))
        .by(&shop.vendor)
        .send()
        .await
        .ok(204);
    let draft = serde_json::json!({ "sku": "CUP", "name": "Cup", "price": 1, "status": "draft", "inventory": { "on_hand": 3 } });
    shop.post("/products")
        .by(&shop.vendor)
        .json(&draft)
        .await
        .ok(201);
    for sku in ["MUG", "CUP"] {
        assert!(
            matches!(
                &shop.reserve(&[order(&[(sku, 1)])]).await[0],
                Verdict::UnknownProduct { .. }
            ),
            "{sku}"
        );
    }
}

#[sqlx::test]
async fn an_order_that_was_released_first_is_gone(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 1)]);
    release(&shop.pool, &[reservation.order_id], Release::Held)
        .await
        .unwrap();
    assert_eq!(shop.reserve(&[reservation]).await, [Verdict::Gone]);
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
}

#[sqlx::test]
async fn lines_split_over_locations_by_priority(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 2).await;
    shop.level("MUG", "east", 1, 5).await;
    let reservation = order(&[("MUG", 4)]);
    let first = shop.reserve(std::slice::from_ref(&reservation)).await;
    let taken: Vec<(String, i64)> =
        sqlx::query_as("SELECT location, held FROM stock ORDER BY location")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(taken, [("east".to_owned(), 2), ("main".to_owned(), 2)]);
    assert_eq!(
        shop.reserve(&[reservation]).await,
        first,
        "a retry sees one line again"
    );
    shop.assert_counts_add_up().await;
}

/// The constraints of the tables are the last guard: bisection finds a refused order, and the others are written.
#[sqlx::test]
async fn an_order_the_database_refuses_does_not_stop_its_neighbours(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["MUG", "CUP", "JUG"] {
        shop.product(sku, 5).await;
    }
    sqlx::query("ALTER TABLE hold_lines ADD CONSTRAINT no_cups CHECK (sku <> 'CUP')")
        .execute(&shop.pool)
        .await
        .unwrap();
    let batch = [
        order(&[("MUG", 1)]),
        order(&[("JUG", 1)]),
        order(&[("CUP", 1)]),
        order(&[("MUG", 1)]),
    ];
    let verdicts = shop.reserve(&batch).await;
    let places: Vec<bool> = verdicts
        .iter()
        .map(|verdict| held(verdict).is_some())
        .collect();
    assert_eq!(places, [true, true, false, true]);
    shop.assert_counts_add_up().await;
}

#[test]
fn a_hash_is_64_hexadecimal_digits() {
    assert!(serde_json::from_value::<Hash>("ab".repeat(32).into()).is_ok());
    for text in ["", "ab", &"zz".repeat(32), &"ab".repeat(33)] {
        assert!(
            serde_json::from_value::<Hash>(text.into()).is_err(),
            "{text}"
        );
    }
}
