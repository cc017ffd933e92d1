//! `POST /orders/{id}/returns`, and the list.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, order_of};

/// An order of this customer with everything shipped.
pub async fn shipped(shop: &Shop, customer: &Person, items: &[(&str, u32)]) -> Answer {
    let order = shop.place(customer, "a", &order_of(items)).await;
    shop.drive().await;
    shop.ship_all(&shop.admin(), &order).await;
    shop.shipper().run_once().await.unwrap();
    order
}

pub async fn give_back(
    shop: &Shop,
    person: &Person,
    key: &str,
    order: &Answer,
    body: &Value,
) -> Answer {
    let path = format!("/api/v1/orders/{}/returns", order.id());
    shop.ask(person, "POST", &path, &[("idempotency-key", key)], body)
        .await
}

#[sqlx::test]
async fn a_customer_gives_back_what_was_shipped(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shipped(&shop, &customer, &[("MUG-1", 3), ("CUP-1", 1)]).await;
    let body = json!({ "items": [{ "sku": "mug-1", "quantity": 2 }], "reason": " Broken. " });
    let asked = give_back(&shop, &customer, "r1", &order, &body).await;
    assert_eq!(
        (asked.status.as_u16(), asked.replayed()),
        (201, false),
        "{asked:?}"
    );
    assert!(asked.id().starts_with("ret_"));
    assert_eq!(
        (
            &asked.body["status"],
            &asked.body["items"],
            &asked.body["reason"],
            &asked.body["refund"]["amount"]
        ),
        (
            &json!("requested"),
            &json!([{ "sku": "MUG-1", "quantity": 2 }]),
            &json!("Broken."),
            &json!("19.98")
        )
    );
    let again = give_back(&shop, &customer, "r1", &order, &body).await;
    assert_eq!(
        (again.status.as_u16(), again.replayed(), &again.body),
        (201, true, &asked.body)
    );
    let reused = give_back(&shop, &customer, "r1", &order, &json!({})).await;
    assert_eq!(reused.refusal(), (422, "idempotency_key_reused"));
    let rest = give_back(&shop, &customer, "r2", &order, &json!({})).await;
    assert_eq!(
        rest.body["items"],
        json!([{ "sku": "MUG-1", "quantity": 1 }, { "sku": "CUP-1", "quantity": 1 }])
    );
    let none = give_back(&shop, &customer, "r3", &order, &json!({})).await;
    assert_eq!(none.refusal(), (409, "nothing_left"));
    let replay = give_back(&shop, &customer, "r2", &order, &json!({})).await;
    assert!(
        replay.replayed(),
        "what it took before does not matter to a replay"
    );

    let path = format!("/api/v1/orders/{}/returns", order.id());
    let (mugs, cups, admin) = (
        shop.vendor_of("MUG-1"),
        shop.vendor_of("CUP-1"),
        shop.admin(),
    );
    let seen = async |person| {
        shop.get(person, &path).await.body["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((seen(&customer).await, seen(&admin).await), (2, 2));
    assert_eq!(
        (seen(&mugs).await, seen(&cups).await),
        (1, 0),
        "the other is of both"
    );
    assert_eq!(shop.get(&shop.customer(), &path).await.status, 404);
    assert_eq!(
        shop.get(&shop.person(&[Role::Vendor]), &path).await.status,
        404
    );
    assert_eq!(shop.get(&shop.person(&[]), &path).await.status, 403);
}

#[sqlx::test]
async fn twins_of_a_request_make_one_return(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shipped(&shop, &customer, &[("MUG-1", 4)]).await;
    let body = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    let ask = || give_back(&shop, &customer, "r", &order, &body);
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert!(
        [&a, &b, &c].iter().all(|answer| answer.status == 201),
        "{a:?} {b:?} {c:?}"
    );
    assert_eq!((a.id(), b.id()), (b.id(), c.id()));
    let fresh = [&a, &b, &c]
        .iter()
        .filter(|answer| !answer.replayed())
        .count();
    assert_eq!((fresh, shop.count("returns").await), (1, 1));
}

#[sqlx::test]
async fn what_was_not_shipped_or_belongs_to_another_customer_does_not_come_back(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop
        .place(&customer, "a", &order_of(&[("MUG-1", 2), ("CUP-1", 1)]))
        .await;
    shop.drive().await;
    let none = give_back(&shop, &customer, "r", &order, &json!({})).await;
    assert_eq!(none.refusal(), (409, "nothing_left"));
    shop.ship_all(&shop.vendor_of("MUG-1"), &order).await;
    shop.shipper().run_once().await.unwrap();
    let line =
        |sku: &str, quantity: i64| json!({ "items": [{ "sku": sku, "quantity": quantity }] });
    for (body, pointer) in [
        (line("CUP-1", 1), "/items/0/quantity"),
        (line("MUG-1", 3), "/items/0/quantity"),
        (line("MUG-1", 0), "/items/0/quantity"),
        (line("NONE", 1), "/items/0/sku"),
        (json!({ "items": [] }), "/items"),
        (json!({ "reason": "x".repeat(501) }), "/reason"),
    ] {
        let refused = give_back(&shop, &customer, "r", &order, &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![pointer]),
            "{body}"
        );
    }
    let keyless = shop
        .strict()
        .ask(
            &customer,
            "POST",
            &format!("/api/v1/orders/{}/returns", order.id()),
            &[],
            &json!({}),
        )
        .await;
    assert_eq!(keyless.refusal(), (400, "idempotency_key_required"));
    let foreign = give_back(&shop, &shop.customer(), "r", &order, &json!({})).await;
    assert_eq!(foreign.refusal(), (404, "not_found"));
    for roles in [&[Role::Vendor][..], &[Role::Admin], &[]] {
        let refused = give_back(&shop, &shop.person(roles), "r", &order, &json!({})).await;
        assert_eq!(refused.refusal(), (403, "forbidden"));
    }
    assert_eq!(shop.count("returns").await, 0);
}
