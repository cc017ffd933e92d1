//! `POST /orders` while product responds late, wrongly or not at all.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use db::testing::eventually;
use sqlx::PgPool;

use crate::support::{
    product::Fault,
    shop::{Shop, order_of},
};

#[sqlx::test]
async fn a_lost_answer_is_asked_for_again_and_the_first_order_id_adopted(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product.next(Fault::LoseAnswer);
    let placed = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    assert_eq!(
        (placed.status.as_u16(), placed.replayed()),
        (201, false),
        "{placed:?}"
    );
    let holds = shop.product.holds();
    assert_eq!((holds.len(), holds[0].order_id), (1, placed.uuid()));
    assert_eq!(shop.product.calls("reserve").len(), 2);
}

#[sqlx::test]
async fn an_outcome_that_stays_unknown_is_503_and_the_buyers_retry_adopts_the_hold(pool: PgPool) {
    let shop = Shop::impatient(pool).await;
    shop.product.always(Fault::Late(Duration::from_millis(500)));
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    let unknown = shop.place(&customer, "a", &body).await;
    assert_eq!(unknown.refusal(), (503, "outcome_unknown"));
    assert_eq!(unknown.headers["retry-after"], "1");
    assert_eq!(
        (shop.product.holds().len(), shop.product.holds()[0].state),
        (1, "held"),
        "never released"
    );
    let first_id = shop.product.holds()[0].order_id;

    shop.product.always(None);
    let other = shop.place(&customer, "a", &order_of(&[("MUG-1", 2)])).await;
    assert_eq!(
        other.refusal(),
        (422, "idempotency_key_reused"),
        "the hold remembers what was asked"
    );
    let placed = shop.place(&customer, "a", &body).await;
    assert_eq!((placed.status.as_u16(), placed.uuid()), (201, first_id));
    assert_eq!(shop.product.available("MUG-1"), 99);
}

#[sqlx::test]
async fn a_product_that_is_not_there_is_left_alone(pool: PgPool) {
    let shop = Shop::impatient(pool).await;
    shop.product.close().await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    let refused = shop.place(&customer, "a", &body).await;
    assert_eq!(refused.refusal(), (503, "unavailable"));
    assert_eq!(refused.headers["retry-after"], "1");
    let _ = shop.place(&customer, "a", &body).await;
    let started = Instant::now();
    assert_eq!(
        shop.place(&customer, "a", &body).await.refusal(),
        (503, "unavailable")
    );
    assert!(
        started.elapsed() < Duration::from_millis(300),
        "the breaker answers at once: {:?}",
        started.elapsed()
    );
    assert_eq!(
        (
            shop.count("orders").await,
            shop.count("idempotency_keys").await
        ),
        (0, 0)
    );
}

#[sqlx::test]
async fn a_refused_token_is_503_and_not_the_customers_fault(pool: PgPool) {
    let shop = Shop::impatient(pool).await;
    shop.product.always(Fault::Answer(StatusCode::UNAUTHORIZED));
    let refused = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    assert_eq!(refused.refusal(), (503, "unavailable"));
}

#[sqlx::test]
async fn an_answer_that_cannot_be_read_tells_nothing(pool: PgPool) {
    let shop = Shop::impatient(pool).await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    shop.product.always(Fault::Garbage);
    assert_eq!(
        shop.place(&customer, "a", &body).await.refusal(),
        (503, "outcome_unknown")
    );
    shop.product.always(None);
    // Until the breaker lets a call through.
    eventually("the order is placed", async || {
        let placed = shop.place(&customer, "a", &body).await;
        if placed.status == StatusCode::SERVICE_UNAVAILABLE {
            return false;
        }
        let order = shop.product.holds()[0].order_id;
        assert_eq!((placed.status.as_u16(), placed.uuid()), (201, order));
        true
    })
    .await;
}

#[sqlx::test]
async fn a_503_of_product_is_tried_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product
        .next(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE));
    shop.product
        .next(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE));
    let placed = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    assert_eq!(placed.status, 201);
}

#[sqlx::test]
async fn a_hold_that_ended_without_an_order_asks_for_a_fresh_key(pool: PgPool) {
    let shop = Shop::impatient(pool).await;
    shop.product.always(Fault::Late(Duration::from_millis(500)));
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    assert_eq!(shop.place(&customer, "a", &body).await.status, 503);
    shop.product.always(None);
    shop.product.end_holds("gone");
    assert_eq!(
        shop.place(&customer, "a", &body).await.refusal(),
        (409, "idempotency_key_expired")
    );
    assert_eq!(shop.place(&customer, "b", &body).await.status, 201);
}
