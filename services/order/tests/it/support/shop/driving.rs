//! The background work of a shop, a round at a time or in loops: sagas and the audit.

use std::time::Duration;

use ::audit::{Audited, Finding};
use clock::{Ids, Jitter};
use order::{
    audit::{Auditor, OrderSource},
    infrastructure::product_client::CatalogHttp,
    payments::{
        model::ProviderReference,
        ports::{Authorisation, Charge, PaymentProvider},
        providers::Providers,
    },
    saga::{
        DriveSagas, Driven, SagaLoop, SagaWaker,
        model::{Queue, Turn},
        postgres::PgSagas,
    },
};
use tokio::sync::watch;

use super::Shop;

impl Shop {
    pub fn sagas(&self) -> PgSagas {
        PgSagas::new(self.pool.clone(), Jitter::random())
    }

    /// The audit of `order work`, which repeats suspect reads at once.
    pub fn auditor(&self) -> Auditor {
        Auditor {
            source: OrderSource {
                patience: Duration::ZERO,
                ..OrderSource::new(self.reservations.clone())
            },
            pool: (&self.pool).into(),
            options: (*self.pool.connect_options()).clone(),
            ids: Ids::system(),
            jitter: Jitter::random(),
        }
    }

    pub async fn findings(&self) -> Vec<Finding> {
        match self.auditor().run().await.unwrap() {
            Audited::Done(findings, _) => findings.listed().to_vec(),
            Audited::Busy => unreachable!("no other audit runs"),
        }
    }

    pub fn driver(&self) -> DriveSagas<CatalogHttp, PgSagas, Providers> {
        DriveSagas {
            reservations: self.reservations.clone(),
            sagas: self.sagas(),
            provider: self.provider.clone(),
            ids: Ids::system(),
            jitter: Jitter::random(),
        }
    }

    /// Drives sagas by polling, as `work` does, until the sender is dropped.
    pub fn start_work(&self, poll: Duration) -> watch::Sender<bool> {
        let (end, ended) = watch::channel(false);
        for queue in [Queue::Stock, Queue::Money] {
            let sagas = SagaLoop {
                drive: self.driver(),
                queue,
                waker: SagaWaker::default(),
                poll: Some(poll),
            };
            tokio::spawn(sagas.run(ended.clone()));
        }
        end
    }

    /// The loop of `serve`, which placed orders wake.
    fn sagas_loop(&self, queue: Queue) -> SagaLoop<CatalogHttp, PgSagas, Providers> {
        SagaLoop {
            drive: self.driver(),
            queue,
            waker: self.waker.clone(),
            poll: None,
        }
    }

    /// One round of the sagas, in the queue where orders begin.
    pub async fn drive(&self) -> Driven {
        self.drive_queue(Queue::Stock).await
    }

    /// One round of a worker: sagas that are due, and none that is taken.
    pub async fn work(&self) -> Driven {
        Box::pin(self.driver().run(Queue::Stock, || false))
            .await
            .unwrap()
    }

    /// The leases of taken sagas end, as those of a slow or dead worker do.
    pub async fn lose_leases(&self) {
        self.execute("UPDATE sagas SET due_at = now()").await;
    }

    pub async fn drive_queue(&self, queue: Queue) -> Driven {
        Box::pin(self.sagas_loop(queue).round(|| false))
            .await
            .unwrap()
    }

    /// Runs rounds in both queues until nothing is due.
    pub async fn drive_out(&self) {
        while self.drive_queue(Queue::Stock).await.taken
            + self.drive_queue(Queue::Money).await.taken
            > 0
        {}
    }

    /// Charges for a turn as its worker would.
    pub async fn charge(&self, turn: &Turn) -> ProviderReference {
        let payment = turn.item.payment.as_ref().unwrap();
        let charge = Charge {
            provider: payment.provider,
            payment: payment.id,
            order: payment.order_id,
            method: payment.method.clone(),
            amount: payment.amount,
        };
        match self.provider.authorise(&charge).await.unwrap() {
            Authorisation::Authorised { reference } => reference,
            other => unreachable!("{other:?}"),
        }
    }

    /// The same, after sagas that wait for a retry are made due.
    pub async fn drive_on(&self) {
        self.execute(
            "UPDATE sagas SET due_at = now() WHERE finished_at IS NULL AND step <> 'wait'",
        )
        .await;
        self.drive_out().await;
    }

    /// Drives sagas when woken, as `serve` does, until the sender is dropped.
    pub fn start_sagas(&self) -> watch::Sender<bool> {
        let (stop, stopped) = watch::channel(false);
        for queue in [Queue::Stock, Queue::Money] {
            tokio::spawn(self.sagas_loop(queue).run(stopped.clone()));
        }
        stop
    }
}
