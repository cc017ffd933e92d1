//! An order whose handling panics waits alone: the others of its round go on, and it is tried again like what failed.

use std::time::Duration;

use clock::{Ids, Jitter};
use order::{
    checkout::{
        model::ReservationRequest,
        ports::{Misfit, Reservations, ReservationsError, Reserved},
    },
    payments::{
        model::ProviderName,
        ports::{
            Authorisation, Charge, MoneyOperation, OfferedMethod, OperationAnswer, PaymentProvider,
            ProviderError, ProviderRecord, RefundOperation,
        },
    },
    saga::{
        DriveSagas,
        model::{CommitOutcome, ExtendOutcome, Queue, ReleaseOutcome},
    },
    values::{OrderId, PaymentId},
};
use sqlx::PgPool;

use crate::support::{
    payments::{place, settle},
    shop::{Shop, order_of},
};

/// What panics at one order.
#[derive(Clone)]
struct Broken<T> {
    inner: T,
    at: OrderId,
}

impl<T: Reservations> Reservations for Broken<T> {
    async fn commit(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<Result<CommitOutcome, Misfit>>, ReservationsError> {
        assert!(!orders.contains(&self.at), "on purpose");
        self.inner.commit(orders).await
    }

    async fn reserve(
        &self,
        requests: &[ReservationRequest],
    ) -> Result<Vec<Reserved>, ReservationsError> {
        self.inner.reserve(requests).await
    }

    async fn extend(
        &self,
        holds: &[(OrderId, Duration)],
    ) -> Result<Vec<Result<ExtendOutcome, Misfit>>, ReservationsError> {
        self.inner.extend(holds).await
    }

    async fn release(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<Result<ReleaseOutcome, Misfit>>, ReservationsError> {
        self.inner.release(orders).await
    }

    async fn give_back(&self, orders: &[OrderId]) -> Result<(), ReservationsError> {
        self.inner.give_back(orders).await
    }
}

impl<T: PaymentProvider> PaymentProvider for Broken<T> {
    async fn authorise(&self, charge: &Charge) -> Result<Authorisation, ProviderError> {
        assert!(charge.order != self.at, "on purpose");
        self.inner.authorise(charge).await
    }

    fn methods(&self) -> &[OfferedMethod] {
        self.inner.methods()
    }

    async fn capture(&self, operation: &MoneyOperation) -> Result<OperationAnswer, ProviderError> {
        self.inner.capture(operation).await
    }

    async fn void(&self, operation: &MoneyOperation) -> Result<OperationAnswer, ProviderError> {
        self.inner.void(operation).await
    }

    async fn refund(&self, refund: &RefundOperation) -> Result<OperationAnswer, ProviderError> {
        self.inner.refund(refund).await
    }

    async fn look_up(
        &self,
        provider: ProviderName,
        payment: PaymentId,
    ) -> Result<Option<ProviderRecord>, ProviderError> {
        self.inner.look_up(provider, payment).await
    }
}

/// Of the orders whose sagas have an error: how many, and which errors.
async fn failures(shop: &Shop) -> Vec<(i64, String)> {
    let query = "SELECT count(*), last_error FROM sagas WHERE last_error IS NOT NULL GROUP BY 2";
    sqlx::query_as(query).fetch_all(&shop.pool).await.unwrap()
}

#[sqlx::test]
async fn an_order_that_panics_waits_and_the_others_are_confirmed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        let body = order_of(&[("MUG-1", 1)]);
        let placed = shop.place(&shop.customer(), "a", &body).await;
        orders.push(OrderId(placed.uuid()));
    }
    shop.lose_leases().await;
    let drive = DriveSagas {
        reservations: Broken {
            inner: shop.reservations.clone(),
            at: orders[2],
        },
        sagas: shop.sagas(),
        provider: shop.driver().provider,
        ids: Ids::system(),
        jitter: Jitter::random(),
    };
    let driven = Box::pin(drive.run(Queue::Stock, || false)).await.unwrap();
    assert_eq!((driven.taken, driven.settled), (5, 4));
    let waiting = "sagas WHERE last_error IS NOT NULL AND finished_at IS NULL AND due_at > now()";
    assert_eq!(shop.count(waiting).await, 1);
    let confirmed = "orders WHERE status = 'confirmed'";
    assert_eq!(shop.count(confirmed).await, 4);
    let panicked = [(1, "panicked: on purpose".to_owned())];
    assert_eq!(failures(&shop).await, panicked);

    shop.lose_leases().await;
    assert_eq!(shop.work().await.settled, 1);
    assert_eq!(shop.count(confirmed).await, 5);
}

#[sqlx::test]
async fn a_payment_that_panics_waits_and_the_others_are_paid(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let placed = place(&shop, &shop.customer(), Some("mock_ok")).await;
        orders.push(OrderId(placed.uuid()));
    }
    shop.drive_queue(Queue::Stock).await;
    let drive = DriveSagas {
        reservations: shop.reservations.clone(),
        sagas: shop.sagas(),
        provider: Broken {
            inner: shop.driver().provider,
            at: orders[1],
        },
        ids: Ids::system(),
        jitter: Jitter::random(),
    };
    Box::pin(drive.run(Queue::Money, || false)).await.unwrap();
    assert_eq!(shop.count("payments WHERE status = 'authorized'").await, 2);
    let panicked = [(1, "panicked: on purpose".to_owned())];
    assert_eq!(failures(&shop).await, panicked);

    settle(&shop).await;
    let paid = "orders WHERE payment_status = 'paid'";
    assert_eq!(shop.count(paid).await, 3);
}
