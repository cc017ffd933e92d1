//! A process that dies between two steps, and a lost response to a COMMIT.

use std::time::Duration;

use clock::Jitter;
use db::testing::eventually;
use order::{
    checkout::{
        Command, PlaceOrders,
        model::{OrderRequest, ProductReference, RequestedLines},
    },
    infrastructure::postgres::PgOrders,
    values::{Country, Quantity, ShippingAddress, Sku, Text, UserId},
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::support::{
    commit_proxy::CommitProxy,
    product::Fault,
    shop::{Person, Shop, order_of},
};

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::try_from(text.to_owned()).unwrap()
}

/// The command that [`order_of`] one mug stands for.
pub fn one_mug(customer: &Person, key: &str) -> Command {
    let mug = ProductReference::Sku(Sku::try_from("MUG-1".to_owned()).unwrap());
    let request = OrderRequest {
        lines: RequestedLines::try_new(vec![(mug, Quantity::try_from(1).unwrap())]).unwrap(),
        shipping_address: Some(ShippingAddress {
            name: text("Ada"),
            line1: text("12 Square"),
            line2: None,
            city: text("London"),
            region: None,
            postal_code: text("SW1Y"),
            country: Country::try_from("GB".to_owned()).unwrap(),
        }),
        note: None,
        expected_total: None,
        payment_method: None,
    };
    Command::try_new(UserId(customer.id), key, request).unwrap()
}

#[sqlx::test]
async fn a_crash_after_the_hold_and_before_the_order_ends_as_one_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    shop.product.next(Fault::Late(Duration::from_secs(4)));
    let (commands, batches) = ([one_mug(&customer, "a")], shop.batches());
    // The process ends while it waits for product's answer.
    tokio::select! {
        _ = batches.run(&commands) => unreachable!("product answers after 4 s"),
        () = eventually("the hold", async || !shop.product.holds().is_empty()) => {}
    }
    assert_eq!(
        (shop.product.holds().len(), shop.count("orders").await),
        (1, 0)
    );

    let placed = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    assert_eq!(
        (placed.status.as_u16(), placed.uuid()),
        (201, shop.product.holds()[0].order_id)
    );
    assert_eq!(
        (shop.count("orders").await, shop.product.available("MUG-1")),
        (1, 99)
    );
}

#[sqlx::test]
async fn a_crash_after_the_order_row_is_finished_by_a_worker(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    // No saga loop runs here: the one that the placing process would have woken ended with it.
    let placed = shop.batches().run(&[one_mug(&customer, "a")]).await;
    assert!(placed[0].is_ok());
    // The dead process had taken the saga.
    let lease = order::saga::model::Turn::FIRST_LEASE.as_secs();
    let taken = format!("sagas WHERE fence = 1 AND due_at <= created_at + interval '{lease} s'");
    assert_eq!(shop.count(&taken).await, 1);
    shop.lose_leases().await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = order::saga::SagaLoop {
        drive: shop.driver(),
        queue: order::saga::model::Queue::Stock,
        waker: order::saga::SagaWaker::default(),
        poll: Some(Duration::from_millis(10)),
    };
    let worker = tokio::spawn(worker.run(stopped));
    eventually("the order is confirmed", async || {
        let answer = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
        assert!(answer.replayed());
        answer.body["status"] == "confirmed"
    })
    .await;
    stop.send_replace(true);
    worker.await.unwrap();
}

#[sqlx::test]
async fn a_commit_whose_answer_is_lost_is_made_again_and_is_one_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let proxy = CommitProxy::open(&shop.pool).await;
    let options = (*shop.pool.connect_options())
        .clone()
        .host("127.0.0.1")
        .port(proxy.port);
    let through_proxy = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    let batches = PlaceOrders {
        orders: PgOrders::shared(&through_proxy, Jitter::random()),
        ..shop.batches()
    };
    let (one, two) = (shop.customer(), shop.customer());
    proxy.lose_next_commit();
    let placed = batches.run(&[one_mug(&one, "a"), one_mug(&two, "a")]).await;
    assert_eq!(proxy.lost(), 1);
    for outcome in placed {
        assert!(!outcome.unwrap().replayed, "it is this request's own order");
    }
    assert_eq!(
        (
            shop.count("orders").await,
            shop.count("sagas").await,
            shop.product.available("MUG-1")
        ),
        (2, 2, 98)
    );
}
