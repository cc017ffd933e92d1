//! An unreadable row is left out of lists and batches, and fails no other row. A request for it alone is answered with 500.

use order::checkout::{PlaceOrderError, Placed};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::returns::create_return::{give_back, shipped};
use crate::{
    crashes::one_mug,
    support::{
        counting::unreadable_rows,
        payments::{pay, send, settle},
        shop::{Answer, Person, Shop, order_of},
    },
};

fn column(page: &Answer, name: &str) -> Vec<Value> {
    assert_eq!(page.status, 200, "{page:?}");
    let rows = page.body["data"].as_array().unwrap().iter();
    rows.map(|row| row[name].clone()).collect()
}

/// The same list, page by page.
async fn walked(shop: &Shop, person: &Person, path: &str, limit: u32, name: &str) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    // One more than there are rows.
    for _ in 0..=4 {
        let page = format!("{path}{separator}limit={limit}{cursor}");
        let page = shop.get(person, &page).await;
        found.extend(column(&page, name));
        let Some(next) = page.body["page"]["next_cursor"].as_str() else {
            return found;
        };
        cursor = format!("&cursor={next}");
    }
    unreachable!("{path} does not end: {found:?}");
}

/// Every page of these lists has the same rows, whatever its length.
async fn all_list(shop: &Shop, lists: &[(&Person, &str)], name: &str, expected: &[Value]) {
    for (person, path) in lists {
        let whole = shop.get(person, path).await;
        assert_eq!(column(&whole, name), expected, "{path}");
        for limit in 1..=4 {
            let walked = walked(shop, person, path, limit, name).await;
            assert_eq!(walked, expected, "{path} by {limit}");
        }
    }
}

/// Four orders of one customer, of which the third is damaged.
async fn orders_are_listed_without(pool: PgPool, damage: &str) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut orders = Vec::new();
    for key in ["a", "b", "c", "d"] {
        orders.push(shop.place(&customer, key, &order_of(&[("MUG-1", 1)])).await);
    }
    shop.tamper(damage).await;
    let vendor = shop.vendor_of("MUG-1");
    let of_user = format!("/api/v1/orders/user/usr_{}", customer.id);
    let of_vendor = format!("/api/v1/orders?vendor={}", vendor.id);
    let lists = [
        (&customer, "/api/v1/orders"),
        (&admin, "/api/v1/orders"),
        (&customer, of_user.as_str()),
        (&admin, of_user.as_str()),
        (&admin, "/api/v1/orders/status/pending"),
        (&customer, "/api/v1/orders?status=pending"),
        (&admin, of_vendor.as_str()),
        (&vendor, "/api/v1/vendor/orders"),
    ];
    let expected = [1004, 1002, 1001].map(Value::from);
    let listing = all_list(&shop, &lists, "number", &expected);
    assert_eq!(unreadable_rows(listing).await, ["order"]);
    for (place, order) in orders.iter().enumerate() {
        let path = format!("/api/v1/orders/{}", order.id());
        for path in [
            &path,
            &format!("{path}/history"),
            &format!("{path}/returns"),
        ] {
            let alone = shop.get(&customer, path).await;
            let expected = if place == 2 { 500 } else { 200 };
            assert_eq!(alone.status.as_u16(), expected, "{path}: {alone:?}");
        }
    }
}

#[sqlx::test]
async fn an_order_of_an_unknown_status(pool: PgPool) {
    let damage = "ALTER TABLE orders DROP CONSTRAINT orders_status_check;
                  UPDATE orders SET status = 'frozen' WHERE number = 1003";
    orders_are_listed_without(pool, damage).await;
}

#[sqlx::test]
async fn an_order_of_an_unknown_payment_status(pool: PgPool) {
    let damage = "ALTER TABLE orders DROP CONSTRAINT orders_payment_status_check;
                  UPDATE orders SET payment_status = 'disputed' WHERE number = 1003";
    orders_are_listed_without(pool, damage).await;
}

#[sqlx::test]
async fn an_order_with_an_address_that_does_not_parse(pool: PgPool) {
    let damage = r#"UPDATE orders SET shipping_address = '{"name": 1}' WHERE number = 1003"#;
    orders_are_listed_without(pool, damage).await;
}

#[sqlx::test]
async fn an_order_changed_at_no_time(pool: PgPool) {
    let damage = "UPDATE orders SET updated_at = 'infinity' WHERE number = 1003";
    orders_are_listed_without(pool, damage).await;
}

#[sqlx::test]
async fn an_order_that_may_be_paid_for_ever(pool: PgPool) {
    let damage = "UPDATE orders SET pay_by = 'infinity' WHERE number = 1003";
    orders_are_listed_without(pool, damage).await;
}

/// Its place in lists by time cannot be read either: it is the last.
#[sqlx::test]
async fn an_order_placed_before_all_time(pool: PgPool) {
    let damage = "UPDATE orders SET created_at = '-infinity' WHERE number = 1003";
    orders_are_listed_without(pool, damage).await;
}

#[sqlx::test]
async fn an_order_with_a_line_that_does_not_parse(pool: PgPool) {
    let damage = "UPDATE order_items SET sku = 'a b' FROM orders WHERE orders.id = order_id AND number = 1003";
    orders_are_listed_without(pool, damage).await;
}

#[sqlx::test]
async fn an_order_whose_lines_are_worth_too_much(pool: PgPool) {
    let damage = "ALTER TABLE order_items DROP CONSTRAINT order_items_total_adds_up;
                  INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
                  SELECT order_id, position + 1, product_id, vendor_id, sku, order_items.name, 9223372036854775807, 1, 9223372036854775807
                  FROM order_items JOIN orders ON orders.id = order_id WHERE number = 1003";
    orders_are_listed_without(pool, damage).await;
}

/// The database compares with it, and no list reaches that far.
#[sqlx::test]
async fn an_order_placed_after_all_time_hides_no_other(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    for key in ["a", "b"] {
        shop.place(&customer, key, &order_of(&[("MUG-1", 1)])).await;
    }
    shop.tamper("UPDATE orders SET created_at = 'infinity' WHERE number = 1002")
        .await;
    let vendor = shop.vendor_of("MUG-1");
    let lists = [
        (&customer, "/api/v1/orders"),
        (&vendor, "/api/v1/vendor/orders"),
    ];
    all_list(&shop, &lists, "number", &[json!(1001)]).await;
}

#[sqlx::test]
async fn a_repeated_request_fails_alone(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let batch = ["a", "b", "c"].map(|key| one_mug(&customer, key));
    let placed = shop.batches().run(&batch[..2]).await;
    assert!(placed.iter().all(Result::is_ok), "{placed:?}");
    shop.tamper("UPDATE orders SET updated_at = 'infinity' WHERE number = 1001")
        .await;
    let again = shop.batches().run(&batch).await;
    assert!(
        matches!(&again[0], Err(PlaceOrderError::Failed(_)))
            && matches!(&again[1], Ok(Placed { replayed: true, .. }))
            && matches!(
                &again[2],
                Ok(Placed {
                    replayed: false,
                    ..
                })
            ),
        "{again:?}"
    );
    let alone = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    assert_eq!(alone.status, 500, "{alone:?}");
}

#[sqlx::test]
async fn payments(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut payments = Vec::new();
    for _ in 0..4 {
        payments.push(pay(&shop, &customer, "mock_ok").await.1["id"].clone());
    }
    let of_user = format!("/api/v1/payments/user/usr_{}", customer.id);
    let lists = [
        (&customer, "/api/v1/payments"),
        (&admin, "/api/v1/payments"),
        (&admin, of_user.as_str()),
        (&customer, "/api/v1/payments/status/captured"),
    ];
    let bad = payments[1].as_str().unwrap().replace("pay_", "");
    let path = format!("/api/v1/payments/pay_{bad}");
    let expected = [3, 2, 0].map(|place: usize| payments[place].clone());
    for (damage, repair) in [
        ("provider = 'newer'", "provider = 'mock'"),
        ("updated_at = 'infinity'", "updated_at = now()"),
        // The last of those: nothing has to be repaired.
        ("created_at = '-infinity'", "created_at = '-infinity'"),
    ] {
        let damage = format!("UPDATE payments SET {damage} WHERE id = '{bad}'");
        shop.tamper(&damage).await;
        let listing = all_list(&shop, &lists, "id", &expected);
        assert_eq!(unreadable_rows(listing).await, ["payment"], "{damage}");
        assert_eq!(shop.get(&customer, &path).await.status, 500, "{damage}");
        let repair = format!("UPDATE payments SET {repair} WHERE id = '{bad}'");
        shop.tamper(&repair).await;
    }
}

#[sqlx::test]
async fn refunds(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    let path = format!("/payments/{}/refunds", payment["id"].as_str().unwrap());
    for (key, amount) in [("a", "1.00"), ("b", "2.00"), ("c", "3.00")] {
        let body = json!({ "amount": amount });
        let refund = send(&shop, &admin, &path, Some(key), &body).await;
        assert_eq!(refund.status, 201, "{refund:?}");
    }
    settle(&shop).await;
    shop.tamper(
        "ALTER TABLE refunds DROP CONSTRAINT refunds_cause_check;
         UPDATE refunds SET cause = 'newer' WHERE amount_minor = 100;
         UPDATE refunds SET updated_at = 'infinity' WHERE amount_minor = 200",
    )
    .await;
    let listing = async {
        let list = shop.get(&customer, &format!("/api/v1{path}")).await;
        let amounts = column(&list, "amount");
        let amounts: Vec<&Value> = amounts.iter().map(|amount| &amount["minor"]).collect();
        assert_eq!(amounts, [300]);
    };
    assert_eq!(unreadable_rows(listing).await, ["refund"]);
}

#[sqlx::test]
async fn sagas(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut sagas = Vec::new();
    for key in ["a", "b", "c"] {
        let order = shop.place(&customer, key, &order_of(&[("MUG-1", 1)])).await;
        sagas.push(json!(order.id().replace("ord_", "sag_")));
    }
    let bad = sagas[1].as_str().unwrap().to_owned();
    for damage in ["deadline = 'infinity'", "created_at = '-infinity'"] {
        let id = &bad["sag_".len()..];
        let damage = format!("UPDATE sagas SET {damage} WHERE order_id = '{id}'");
        shop.tamper(&damage).await;
        let expected = [sagas[2].clone(), sagas[0].clone()];
        let lists = [(&admin, "/api/v1/sagas")];
        let listing = all_list(&shop, &lists, "id", &expected);
        assert_eq!(unreadable_rows(listing).await, ["saga"], "{damage}");
    }
    let path = format!("/api/v1/sagas/{bad}/retry");
    let retried = send(
        &shop,
        &admin,
        &path["/api/v1".len()..],
        Some("k"),
        &Value::Null,
    )
    .await;
    assert_eq!(retried.status, 500, "{retried:?}");
}

#[sqlx::test]
async fn the_history_of_an_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shipped(&shop, &customer, &[("MUG-1", 1)]).await;
    // Deeper than this release reads.
    shop.tamper(
        "UPDATE order_events SET data = jsonb_build_object('a', (repeat('[', 300) || repeat(']', 300))::jsonb) WHERE version = 2;
         UPDATE order_events SET occurred_at = 'infinity' WHERE version = 5",
    )
    .await;
    let path = format!("/api/v1/orders/{}/history", order.id());
    let lists = [(&customer, path.as_str())];
    let expected = [1, 3, 4].map(Value::from);
    let listing = all_list(&shop, &lists, "version", &expected);
    assert_eq!(unreadable_rows(listing).await, ["event"]);
}

/// The fulfillments or the returns of an order: one is damaged, and the steps of the other are taken.
async fn parts(shop: &Shop, list: &str, kind: &'static str, step: &str, ids: [String; 2]) {
    let admin = shop.admin();
    let listing = async {
        let found = column(&shop.get(&admin, list).await, "id");
        assert_eq!(found, [json!(ids[1])]);
    };
    assert_eq!(unreadable_rows(listing).await, [kind]);
    for (id, status) in [(&ids[0], 500), (&ids[1], 200)] {
        let path = step.replace("{id}", id);
        let taken = send(shop, &admin, &path, None, &Value::Null).await;
        assert_eq!(taken.status.as_u16(), status, "{path}: {taken:?}");
    }
}

const ONE_MUG: &str = r#"{ "items": [{ "sku": "MUG-1", "quantity": 1 }] }"#;

#[sqlx::test]
async fn fulfillments(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 3)]).await;
    let one: Value = serde_json::from_str(ONE_MUG).unwrap();
    let admin = shop.admin();
    let ids = [
        shop.pack(&admin, &order, &one).await,
        shop.pack(&admin, &order, &one).await,
    ];
    let damage = format!(
        "UPDATE fulfillments SET updated_at = 'infinity' WHERE id = '{}'",
        &ids[0]["ful_".len()..]
    );
    shop.tamper(&damage).await;
    let list = format!("/api/v1/orders/{}/fulfillments", order.id());
    parts(
        &shop,
        &list,
        "fulfillment",
        "/fulfillments/{id}/cancel",
        ids,
    )
    .await;
    // The rest of the order can still be packed.
    shop.pack(&admin, &order, &one).await;
}

#[sqlx::test]
async fn returns(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shipped(&shop, &customer, &[("MUG-1", 3)]).await;
    let one: Value = serde_json::from_str(ONE_MUG).unwrap();
    let mut ids = Vec::new();
    for key in ["r", "s"] {
        let asked = give_back(&shop, &customer, key, &order, &one).await;
        ids.push(asked.id().to_owned());
    }
    let damage = format!(
        "ALTER TABLE returns DROP CONSTRAINT returns_status_check;
         UPDATE returns SET status = 'lost' WHERE id = '{}'",
        &ids[0]["ret_".len()..]
    );
    shop.tamper(&damage).await;
    let list = format!("/api/v1/orders/{}/returns", order.id());
    let ids: [String; 2] = ids.try_into().unwrap();
    parts(&shop, &list, "return", "/returns/{id}/approve", ids).await;
    let replayed = give_back(&shop, &customer, "r", &order, &one).await;
    assert_eq!(replayed.status, 500, "{replayed:?}");
    let another = give_back(&shop, &customer, "t", &order, &one).await;
    assert_eq!(another.status, 201, "{another:?}");
}
