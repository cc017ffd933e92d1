//! What each subcommand runs: the wiring of configuration, use cases and their dependencies.

use std::{num::NonZeroU32, time::Duration};

use ::audit::{AuditReport, Audited, audit_on_schedule};
use access::{Verifier, internal::AllowedCallers};
use anyhow::Context;
use axum::Router;
use clock::{Clock, Ids, Jitter};
use db::{Database, Migrate, Pool};
use erasure::{Erased, PersonalData};
use money::Currency;
use uuid::Uuid;
use web::server::{self, Listen};
use worker::Tasks;

use crate::{
    app::{App, Parts, RESERVATION_PATIENCE, internal, service},
    audit::{Auditor, OrderSource},
    checkout::QueueLimits,
    config::{Audit, CheckoutSettings, Serve, Work},
    fulfillment::{MoveStock, ShipFulfillments},
    http,
    infrastructure::{
        postgres::{MIGRATOR, PgOrders},
        product_client::{CatalogHttp, CatalogSettings, Timeouts},
    },
    intents::IntentLimits,
    orders::{PublishEvents, ports::OrdersError, postgres::PgEventLog},
    payments::{
        PaymentTerms,
        ports::PaymentProvider,
        postgres::PgPayments,
        providers::{MockWebhooks, PaymentSettings, ProviderChoice, Providers, SignedWebhooks},
    },
    personal_data::{EraseCustomer, ports::CustomerOrders},
    returns::ReceiveReturns,
    saga::{DriveSagas, Maintenance, SagaLoop, SagaWaker, model::Queue, postgres::PgSagas},
    shortfalls::HandleShortfalls,
    values::UserId,
};

/// Connections for placing orders: one for each consumer of the queue of orders, and one for each loop of the stock queue.
const PLACING: u32 = 4;
/// Connections for changes by people.
const INTENTS: u32 = 2;
const MOCK_CONNECTIONS: u32 = 2;
/// How often `work` looks for due sagas.
const POLL: Duration = Duration::from_millis(500);

pub async fn serve(config: Serve) -> anyhow::Result<()> {
    let mut tasks = tasks()?;
    let (clock, ids, jitter) = (Clock::system(), Ids::system(), Jitter::random());
    let orders = orders(&own_share(&config.database, &config.payments), jitter)?;
    let PgOrders {
        readers, intents, ..
    } = orders.clone();
    let reservations = CatalogHttp::try_new(&config.catalog, Timeouts::default(), config.currency)?;
    let waker = SagaWaker::default();
    let provider = Providers::new(&config.payments, mock_pool(&config.database)?);
    let terms = terms(&config.payments, config.checkout, &provider);
    let drive = DriveSagas {
        reservations: reservations.clone(),
        sagas: PgSagas::new(orders.placing.clone(), jitter),
        provider,
        ids,
        jitter,
    };
    // Two loops of the stock queue: one writes its results while the other waits for its call. Without payments there are no
    // calls to a provider; `work` completes those that remain from an earlier setting.
    let queues: &[Queue] = if terms.are_asked() {
        &[Queue::Stock, Queue::Stock, Queue::Money]
    } else {
        &[Queue::Stock, Queue::Stock]
    };
    drive_queues(&mut tasks, &drive, queues, &waker, None);
    let token_file = config.catalog.internal_token_file.clone();
    let auth = config.tokens.auth_client(token_file)?;
    let verifier = Verifier::remote(config.tokens, auth.clone())?;
    tasks.spawn_for_server("token_verifier", verifier.clone().keep_fresh());
    // Here and not in `work`, which cannot reach auth. Two replicas may erase the same user: the second finds nothing left.
    let erase = EraseCustomer::new(orders.clone());
    let stop = tasks.stop();
    tasks.spawn("erasures", erasure::run(auth, erase, stop));

    let auditor = auditor(&config.database, &readers, &config.catalog, config.currency)?;
    let mut service = service(Some(readers.clone()));
    service.dependencies.extend(verifier.dependency());
    let app = App::start(
        Parts {
            payments: PgPayments::new(readers, intents, jitter),
            terms,
            webhooks: SignedWebhooks::new(config.payments.payment_webhook_secret_file, clock),
            orders,
            reservations,
            verifier,
            currency: config.currency,
            ids,
            jitter,
            waker,
            limits: QueueLimits {
                per_customer: config.max_queued_per_customer,
                ..QueueLimits::default()
            },
            intents: IntentLimits::default(),
            changes_per_minute: config.changes_per_customer_per_minute,
            require_shipping_address: config.checkout.require_shipping_address,
            require_key: config.require_idempotency_key,
            patience: RESERVATION_PATIENCE,
        },
        &mut tasks,
    );
    let public = app.router(&service, config.legacy_aliases);
    let observers = config.internal_tokens_dir;
    let observers = observers.map(|tokens| AllowedCallers::new(tokens, &["operator"]));
    let private = internal(&service, auditor, observers);
    serve_beside(tasks, &config.listen, public, private).await
}

impl<O: CustomerOrders> PersonalData for EraseCustomer<O> {
    type Error = OrdersError;

    async fn erase(&self, user: Uuid) -> Result<Erased, OrdersError> {
        let kept = self.run(UserId(user)).await?;
        Ok(if kept == 0 { Erased::All } else { Erased::Part })
    }
}

pub async fn work(config: Work) -> anyhow::Result<()> {
    let mut tasks = tasks()?;
    let (clock, ids, jitter) = (Clock::system(), Ids::system(), Jitter::random());
    let pool = own_share(&config.database, &config.payments).pool("order-work")?;
    let reservations = CatalogHttp::try_new(&config.catalog, Timeouts::default(), config.currency)?;
    let sagas = PgSagas::new(pool.clone(), jitter);
    let mock = mock_pool(&config.database)?;
    let product = reservations.clone();
    let drive = DriveSagas {
        reservations,
        sagas: sagas.clone(),
        provider: Providers::new(&config.payments, mock.clone()),
        ids,
        jitter,
    };
    let queues = &[Queue::Stock, Queue::Money];
    drive_queues(
        &mut tasks,
        &drive,
        queues,
        &SagaWaker::default(),
        Some(POLL),
    );
    let orders = PgOrders::shared(&pool, jitter);
    let stop = tasks.stop();
    let maintenance = Maintenance {
        orders: orders.clone(),
        sagas,
    };
    tasks.spawn("maintenance", maintenance.run(stop.clone()));
    if let Some(webhooks) = MockWebhooks::try_new(&config.payments, mock, clock)? {
        tasks.spawn("mock_webhooks", webhooks.run(stop.clone()));
    }
    let returns = MoveStock {
        direction: ReceiveReturns {
            stock: product.clone(),
            payments: PgPayments::new(pool.clone(), pool.clone(), jitter),
        },
        queue: orders.clone(),
        jitter,
    };
    tasks.spawn("returns", returns.run(stop.clone()));
    let shipments = MoveStock {
        direction: ShipFulfillments {
            stock: product.clone(),
        },
        queue: orders.clone(),
        jitter,
    };
    tasks.spawn("shipments", shipments.run(stop.clone()));
    let shortfalls = HandleShortfalls {
        product,
        store: orders,
    };
    tasks.spawn("shortfalls", shortfalls.run(stop.clone()));
    let auditor = auditor(&config.database, &pool, &config.catalog, config.currency)?;
    let interval = Duration::from_secs(config.audit_interval_seconds);
    tasks.spawn("audits", audit_on_schedule(auditor, interval, stop.clone()));
    let relay = PublishEvents {
        log: PgEventLog::new(pool.clone(), jitter),
        lease: PublishEvents::<PgEventLog>::LEASE,
    };
    tasks.spawn("event_relay", relay.run(stop));
    // The public port has no routes; the internal one has the probes.
    let probes = service(Some(pool)).probes();
    serve_beside(tasks, &config.listen, Router::new(), probes).await
}

fn tasks() -> anyhow::Result<Tasks> {
    let signal = server::stop_signal().context("cannot listen for signals")?;
    Ok(Tasks::new(signal))
}

async fn serve_beside(
    tasks: Tasks,
    listen: &Listen,
    public: Router,
    private: Router,
) -> anyhow::Result<()> {
    let stop = tasks.stop();
    let server = async { Ok(server::serve(listen, public, private, stop).await?) };
    tasks.beside(server).await
}

pub async fn migrate(config: Migrate) -> anyhow::Result<()> {
    Ok(config.run(&MIGRATOR).await?)
}

/// Prints the result; fails if there are problems.
pub async fn audit(config: Audit) -> anyhow::Result<()> {
    let pool = config.database.pool("order audit")?;
    let mut auditor = auditor(&config.database, &pool, &config.catalog, config.currency)?;
    auditor.source.patience = Duration::from_secs(config.patience_seconds.into());
    let Audited::Done(findings, _) = auditor.run().await? else {
        anyhow::bail!("another audit is in progress; wait for its result, or try again later");
    };
    let report = AuditReport::new(auditor.latest().await?, false);
    println!("{}", serde_json::to_string_pretty(&report)?);
    anyhow::ensure!(
        findings.count() == 0,
        "the audit found {} problems",
        findings.count()
    );
    Ok(())
}

fn auditor(
    database: &Database,
    pool: &Pool,
    product: &CatalogSettings,
    currency: Currency,
) -> anyhow::Result<Auditor> {
    let product = CatalogHttp::try_new(product, Timeouts::AUDIT, currency)?;
    Ok(Auditor {
        source: OrderSource::new(product),
        pool: pool.clone(),
        options: database.unlimited("order audit")?,
        ids: Ids::system(),
        jitter: Jitter::random(),
    })
}

/// The document of the API, as it is committed beside this crate.
pub fn openapi() -> anyhow::Result<String> {
    Ok(service(None).openapi(http::routes()).to_pretty_json()?)
}

/// The connections of this process without those of the mock; the operator counts their sum.
fn own_share(database: &Database, payments: &PaymentSettings) -> Database {
    let of_mock = match payments.payment_provider {
        ProviderChoice::None => 0,
        ProviderChoice::Mock => MOCK_CONNECTIONS,
    };
    Database {
        max_connections: database.max_connections.saturating_sub(of_mock).max(1),
        ..database.clone()
    }
}

/// The mock stands for an external system: it has its own connections, opened when it is called.
fn mock_pool(database: &Database) -> anyhow::Result<Pool> {
    let database = Database {
        max_connections: MOCK_CONNECTIONS,
        ..database.clone()
    };
    Ok(database.pool("order-mock-provider")?)
}

fn terms(
    settings: &PaymentSettings,
    checkout: CheckoutSettings,
    provider: &Providers,
) -> PaymentTerms {
    PaymentTerms {
        methods: provider.methods().into(),
        window: Duration::from_secs(settings.payment_window_seconds.into()),
        capture: settings.payment_capture.into(),
        most_unpaid: settings.max_unpaid_per_customer,
        most_unpaid_units: NonZeroU32::new(checkout.max_unpaid_units_per_sku),
    }
}

fn drive_queues(
    tasks: &mut Tasks,
    drive: &DriveSagas<CatalogHttp, PgSagas, Providers>,
    queues: &[Queue],
    waker: &SagaWaker,
    poll: Option<Duration>,
) {
    for queue in queues {
        let sagas = SagaLoop {
            drive: drive.clone(),
            queue: *queue,
            waker: waker.clone(),
            poll,
        };
        tasks.spawn("saga_loop", sagas.run(tasks.stop()));
    }
}

/// The pools add up to the connections of this process, which the operator counts; each has at least one.
fn orders(database: &Database, jitter: Jitter) -> anyhow::Result<PgOrders> {
    let most = database.max_connections;
    let intents = INTENTS.min(most / 4).max(1);
    let rest = most.saturating_sub(intents);
    let placing = PLACING.min(rest / 2 + 1).min(rest.saturating_sub(1)).max(1);
    let readers = rest.saturating_sub(placing).max(1);
    let part = |max_connections| Database {
        max_connections,
        ..database.clone()
    };
    Ok(PgOrders {
        readers: part(readers).pool("order-read")?,
        placing: part(placing).pool("order-write")?,
        intents: part(intents).pool("order-intents")?,
        jitter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither changes nor readers share connections with what places orders.
    #[tokio::test]
    async fn each_purpose_has_connections_of_its_own_within_the_whole() {
        for most in 3..=40 {
            let database = Database {
                url: Some("postgres://order@localhost/order".to_owned()),
                url_file: None,
                max_connections: most,
            };
            let PgOrders {
                readers,
                placing,
                intents,
                ..
            } = orders(&database, Jitter::random()).unwrap();
            let parts = [readers, placing, intents].map(|pool| {
                let sessions = pool.sessions();
                let options = sessions.connect_options();
                let name = options.get_application_name().map(ToOwned::to_owned);
                (name, sessions.options().get_max_connections())
            });
            assert!(parts.iter().all(|(_, connections)| *connections > 0));
            assert_eq!(
                parts
                    .iter()
                    .map(|(_, connections)| connections)
                    .sum::<u32>(),
                most
            );
            let names: std::collections::HashSet<_> = parts.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), 3, "{parts:?}");
        }
    }
}
