//! A customer holds a limited number of unpaid units of one SKU, however the orders for them arrive (ORDERS 15).

use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

use access::Role;
use clock::Jitter;
use db::testing::eventually;
use order::{
    checkout::{
        Command, PlaceOrderError, PlaceOrders,
        model::{NewOrder, OrderRequest, OwingUnits, ProductReference, RequestedLines},
        ports::{Creation, PlacedOrders, Recorded},
    },
    infrastructure::{postgres::PgOrders, product_client::CatalogHttp},
    orders::ports::OrdersError,
    payments::providers::PaymentSettings,
    values::{Cause, ProductId, Quantity, RequestIdentity, Sku, UserId},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{send, settle},
    product::Fault,
    shop::{Answer, Person, Rules, Shop, at_the_mock, free, order_of},
};

fn three() -> Rules {
    Rules {
        most_unpaid_units: 3,
        ..Rules::default()
    }
}

fn many_orders() -> PaymentSettings {
    PaymentSettings {
        max_unpaid_per_customer: 100,
        ..at_the_mock()
    }
}

async fn open(pool: PgPool) -> Shop {
    Shop::ruled(pool, &many_orders(), three()).await
}

async fn mugs(shop: &Shop, customer: &Person, key: &str, units: u32) -> Answer {
    shop.place(customer, key, &order_of(&[("MUG-1", units)]))
        .await
}

async fn pay(shop: &Shop, customer: &Person, order: &Answer) {
    let body = json!({ "order_id": order.id(), "payment_method": "mock_ok" });
    let started = send(shop, customer, "/payments", Some(order.id()), &body).await;
    assert_eq!(started.status, 201, "{started:?}");
    settle(shop).await;
    assert_eq!(shop.order(order).await["payment_status"], "paid");
}

/// Units of a refused order are released a moment later, without a further call.
async fn available(shop: &Shop, units: u32) {
    eventually(&format!("{units} are available"), async || {
        shop.product.available("MUG-1") == units
    })
    .await;
}

#[sqlx::test]
async fn units_are_counted_over_orders_until_they_are_paid_or_cancelled(pool: PgPool) {
    let shop = open(pool).await;
    let customer = shop.customer();
    let first = mugs(&shop, &customer, "a", 2).await;
    assert_eq!(first.status, 201, "{first:?}");
    let refused = mugs(&shop, &customer, "b", 2).await;
    assert_eq!(refused.refusal(), (429, "too_many_unpaid_units"));
    assert_eq!(
        (
            &refused.body["sku"],
            &refused.body["allowed"],
            &refused.body["held"]
        ),
        (&json!("MUG-1"), &json!(3), &json!(2))
    );
    assert_eq!(refused.headers["retry-after"], "60");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("MUG-1") && detail.contains("Pay or cancel"),
        "{detail}"
    );
    let by_id = json!({ "items": [{ "product_id": shop.product.id_of("MUG-1"), "quantity": 2 }] });
    let refused = shop.place(&customer, "c", &by_id).await;
    assert_eq!(
        refused.refusal(),
        (429, "too_many_unpaid_units"),
        "{refused:?}"
    );
    // Refused orders hold nothing, and other customers and smaller orders are accepted.
    assert_eq!(shop.product.available("MUG-1"), 98);
    assert_eq!(mugs(&shop, &shop.customer(), "a", 3).await.status, 201);
    assert_eq!(mugs(&shop, &customer, "d", 1).await.status, 201);
    // Paid units no longer count, and the refused request may be repeated unchanged.
    pay(&shop, &customer, &first).await;
    let repeated = mugs(&shop, &customer, "b", 2).await;
    assert_eq!(
        (repeated.status.as_u16(), repeated.replayed()),
        (201, false)
    );
    assert_eq!(mugs(&shop, &customer, "e", 1).await.status, 429);
    let path = format!("/orders/{}/cancel", repeated.id());
    send(&shop, &customer, &path, Some("cancel"), &Value::Null).await;
    settle(&shop).await;
    assert_eq!(mugs(&shop, &customer, "e", 1).await.status, 201);
}

#[sqlx::test]
async fn an_order_of_more_than_may_ever_be_unpaid_says_so(pool: PgPool) {
    let shop = open(pool).await;
    let refused = mugs(&shop, &shop.customer(), "a", 4).await;
    assert_eq!(refused.refusal(), (429, "too_many_unpaid_units"));
    assert!(!refused.headers.contains_key("retry-after"));
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("Order fewer"), "{detail}");
    assert_eq!(shop.count("idempotency_keys").await, 0);
}

#[sqlx::test]
async fn orders_through_two_replicas_at_the_same_time_hold_no_more(pool: PgPool) {
    let shop = open(pool).await;
    let twin = shop.twin_ruled(&many_orders(), three());
    let customer = shop.customer();
    let at_twin = twin.person_with(customer.id, &[Role::Customer]);
    // All of them are read before any is written, and each write takes some time.
    shop.tamper(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$",
    )
    .await;
    shop.tamper(
        "CREATE TRIGGER dawdle AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION dawdle()",
    )
    .await;
    shop.product.always(Fault::Late(Duration::from_millis(200)));
    let orders = (0..12).map(|number| {
        let (shop, customer) = if number % 2 == 0 {
            (&shop, &customer)
        } else {
            (&twin, &at_twin)
        };
        async move { mugs(shop, customer, &format!("k{number}"), 1).await }
    });
    let answers = futures::future::join_all(orders).await;
    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = |answer: &&Answer| answer.refusal() == (429, "too_many_unpaid_units");
    assert_eq!(
        (placed, answers.iter().filter(refused).count()),
        (3, 9),
        "{answers:?}"
    );
    assert_eq!(
        (
            shop.count("orders").await,
            shop.count("idempotency_keys").await
        ),
        (3, 3)
    );
    shop.product.always(None);
    available(&shop, 97).await;
}

fn command(customer: &Person, key: &str, product: ProductReference, units: u32) -> Command {
    let units = Quantity::try_from(units).unwrap();
    let request = OrderRequest {
        lines: RequestedLines::try_new(vec![(product, units)]).unwrap(),
        shipping_address: None,
        note: None,
        expected_total: None,
        payment_method: None,
    };
    Command::try_new(UserId(customer.id), key, request).unwrap()
}

#[sqlx::test]
async fn orders_of_one_batch_are_counted_in_their_order_and_a_refused_one_for_nothing(
    pool: PgPool,
) {
    let shop = open(pool).await;
    let (customer, other) = (shop.customer(), shop.customer());
    let by_sku = || ProductReference::Sku(Sku::try_from("MUG-1".to_owned()).unwrap());
    let by_id = || ProductReference::ProductId(ProductId(shop.product.id_of("MUG-1")));
    // Only the hold shows that they name the same product.
    let batch = [
        command(&customer, "a", by_sku(), 2),
        command(&customer, "b", by_id(), 2),
        command(&customer, "c", by_sku(), 1),
        command(&other, "a", by_id(), 3),
        command(&customer, "d", by_id(), 1),
    ];
    let outcomes = shop.batches().run(&batch).await;
    let placed: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(placed, [true, false, true, true, false], "{outcomes:?}");
    for refused in [&outcomes[1], &outcomes[4]] {
        assert!(matches!(
            refused,
            Err(PlaceOrderError::TooManyUnpaidUnits(too_many)) if too_many.product == by_sku()
        ));
    }
    assert_eq!(shop.count("idempotency_keys").await, 3);
    available(&shop, 94).await;
    // It is refused while there are too many unpaid units; its hold has ended.
    let again = shop.batches().run(&batch[1..2]).await;
    assert!(
        matches!(again[0], Err(PlaceOrderError::TooManyUnpaidUnits(_))),
        "{again:?}"
    );
    shop.tamper("UPDATE orders SET payment_status = 'paid'")
        .await;
    let again = shop.batches().run(&batch[1..2]).await;
    assert!(
        matches!(again[0], Err(PlaceOrderError::KeyExpired)),
        "{again:?}"
    );
}

#[sqlx::test]
async fn a_confirmed_order_whose_money_was_refused_still_counts(pool: PgPool) {
    let shop = open(pool).await;
    let customer = shop.customer();
    let mut body = order_of(&[("MUG-1", 2)]);
    body["payment_method"] = json!("mock_capture_refused");
    let order = shop.place(&customer, "a", &body).await;
    settle(&shop).await;
    let state = shop.order(&order).await;
    assert_eq!(
        (&state["status"], &state["payment_status"]),
        (&json!("confirmed"), &json!("failed"))
    );
    let refused = mugs(&shop, &customer, "b", 2).await;
    assert_eq!(refused.refusal(), (429, "too_many_unpaid_units"));
    assert_eq!(mugs(&shop, &customer, "b", 1).await.status, 201);
}

#[sqlx::test]
async fn where_nothing_is_paid_or_no_limit_is_set_nothing_is_refused(pool: PgPool) {
    let shop = Shop::ruled(pool.clone(), &free(), three()).await;
    let customer = shop.customer();
    for key in ["a", "b"] {
        assert_eq!(mugs(&shop, &customer, key, 20).await.status, 201);
    }
    let any = Rules {
        most_unpaid_units: 0,
        ..Rules::default()
    };
    let shop = shop.twin_ruled(&many_orders(), any);
    let customer = shop.customer();
    for key in ["c", "d"] {
        assert_eq!(mugs(&shop, &customer, key, 20).await.status, 201);
    }
}

#[sqlx::test]
async fn a_line_that_cannot_be_read_fails_no_order_of_the_batch(pool: PgPool) {
    let shop = open(pool).await;
    let (customer, other) = (shop.customer(), shop.customer());
    assert_eq!(mugs(&shop, &customer, "a", 1).await.status, 201);
    shop.tamper("UPDATE order_items SET sku = 'a b'").await;
    let by_sku = || ProductReference::Sku(Sku::try_from("MUG-1".to_owned()).unwrap());
    let batch = [
        command(&customer, "b", by_sku(), 1),
        command(&other, "b", by_sku(), 1),
    ];
    let outcomes = shop.batches().run(&batch).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

/// Orders in which a twin of the request is written at the last moment: after the lookup of an earlier response, and
/// before the unpaid units of the customer are read.
#[derive(Clone)]
struct Overtaken {
    orders: PgOrders,
    twin: Arc<PlaceOrders<CatalogHttp, PgOrders>>,
    request: Command,
}

impl PlacedOrders for Overtaken {
    async fn recorded(
        &self,
        identities: &[&RequestIdentity],
    ) -> Result<Vec<Option<Result<Recorded, Cause>>>, OrdersError> {
        self.orders.recorded(identities).await
    }

    async fn create(
        &self,
        orders: &[NewOrder],
        most: Option<NonZeroU32>,
    ) -> Result<Vec<Creation>, OrdersError> {
        self.orders.create(orders, most).await
    }

    async fn unpaid(&self, customers: &[UserId]) -> Result<HashMap<UserId, u32>, OrdersError> {
        let outcomes = self.twin.run(std::slice::from_ref(&self.request)).await;
        assert!(outcomes[0].is_ok(), "{outcomes:?}");
        self.orders.unpaid(customers).await
    }

    async fn owing_units(&self, customers: &[UserId]) -> Result<Vec<OwingUnits>, OrdersError> {
        self.orders.owing_units(customers).await
    }

    async fn forget_old_keys(&self) -> Result<u64, OrdersError> {
        self.orders.forget_old_keys().await
    }
}

#[sqlx::test]
async fn a_twins_order_is_the_answer_though_it_takes_all_that_may_be_unpaid(pool: PgPool) {
    for most_orders in [100, 1] {
        let settings = PaymentSettings {
            max_unpaid_per_customer: most_orders,
            ..at_the_mock()
        };
        let shop = Shop::ruled(pool.clone(), &settings, three()).await;
        let product = ProductReference::Sku(Sku::try_from("MUG-1".to_owned()).unwrap());
        let request = command(&shop.customer(), "a", product, 2);
        let ours = shop.batches();
        let batches = PlaceOrders {
            orders: Overtaken {
                orders: PgOrders::shared(&shop.pool, Jitter::random()),
                twin: Arc::new(shop.batches()),
                request: request.clone(),
            },
            reservations: ours.reservations,
            ids: ours.ids,
            jitter: ours.jitter,
            currency: ours.currency,
            waker: ours.waker,
            terms: ours.terms,
            patience: ours.patience,
        };
        let outcomes = batches.run(&[request]).await;
        assert!(
            matches!(&outcomes[0], Ok(placed) if placed.replayed),
            "{outcomes:?}"
        );
    }
}
