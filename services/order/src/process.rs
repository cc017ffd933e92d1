//! What each subcommand runs: the wiring of configuration, adapters and use cases.

use std::time::Duration;

use anyhow::Context;
use axum::Router;
use postgres::Database;
use sqlx::PgPool;
use web::{
    clock::Clock,
    server,
    token::{RevocationFeed, Verifier},
};

use crate::{
    adapters::{
        catalog_http::{CatalogHttp, Timeouts},
        http,
        postgres::{MIGRATOR, PgEventLog, PgOrders, PgSagas},
    },
    app::{App, Parts, RESERVATION_PATIENCE, service},
    application::{DriveSagas, KeepHouse, Poke, PublishEvents, QueueLimits, SagaLoop},
    config::{Migrate, Serve, Work},
};

/// Connections for writing: one for each lane of orders, one for the sagas.
const WRITERS: u32 = 3;
/// How often `work` looks for sagas that nobody finished.
const POLL: Duration = Duration::from_millis(500);
const JWKS_TIMEOUT: Duration = Duration::from_secs(3);

pub async fn serve(config: Serve) -> anyhow::Result<()> {
    let stop = server::stop_signal().context("signals cannot be listened to")?;
    let clock = Clock::system();
    let (readers, writers) = pools(&config.database)?;
    let reservations = CatalogHttp::try_new(&config.catalog, Timeouts::default(), config.currency)?;
    let poke = Poke::default();
    let sagas = SagaLoop {
        drive: DriveSagas {
            reservations: reservations.clone(),
            sagas: PgSagas::new(writers.clone(), clock),
            clock,
        },
        poke: poke.clone(),
        poll: None,
    };
    let sagas = tokio::spawn(sagas.run(stop.clone()));
    let client = reqwest::Client::builder()
        .timeout(JWKS_TIMEOUT)
        .no_proxy()
        .build()?;
    let feed = RevocationFeed {
        url: config.revocations_url,
        token_file: config.catalog.internal_token_file.clone(),
    };
    let verifier = Verifier::remote(&config.tokens, config.jwks_url, feed, client);
    tokio::spawn(verifier.clone().keep_fresh());

    let mut service = service(Some(readers.clone()));
    service.dependencies.extend(verifier.dependency());
    let app = App::start(Parts {
        orders: PgOrders::new(readers, writers, clock),
        reservations,
        verifier,
        currency: config.currency,
        clock,
        poke,
        limits: QueueLimits {
            per_customer: config.max_queued_per_customer,
            ..QueueLimits::default()
        },
        patience: RESERVATION_PATIENCE,
    });
    let public = app.router(&service, config.legacy_aliases);
    server::serve(&config.listen, public, service.probes(), stop).await?;
    sagas.await.context("the sagas' loop panicked")
}

pub async fn work(config: Work) -> anyhow::Result<()> {
    let stop = server::stop_signal().context("signals cannot be listened to")?;
    let clock = Clock::system();
    let pool = config.database.pool("order-work")?;
    let reservations = CatalogHttp::try_new(&config.catalog, Timeouts::default(), config.currency)?;
    let sagas = PgSagas::new(pool.clone(), clock);
    let drive = DriveSagas {
        reservations,
        sagas: sagas.clone(),
        clock,
    };
    let sagas_loop = tokio::spawn(
        SagaLoop {
            drive,
            poke: Poke::default(),
            poll: Some(POLL),
        }
        .run(stop.clone()),
    );
    let orders = PgOrders::new(pool.clone(), pool.clone(), clock);
    let house = tokio::spawn(KeepHouse { orders, sagas }.run(stop.clone()));
    let relay = PublishEvents {
        log: PgEventLog::new(pool.clone(), clock),
        lease: PublishEvents::<PgEventLog>::LEASE,
    };
    let relay = tokio::spawn(relay.run(stop.clone()));
    // Nothing for the public; the internal port has the probes.
    server::serve(
        &config.listen,
        Router::new(),
        service(Some(pool)).probes(),
        stop,
    )
    .await?;
    sagas_loop.await.context("the sagas' loop panicked")?;
    relay.await.context("the relay of events panicked")?;
    house.await.context("the housekeeping panicked")
}

pub async fn migrate(config: Migrate) -> anyhow::Result<()> {
    Ok(postgres::migrate(
        &config.database,
        &MIGRATOR,
        &config.termination_message_path,
    )
    .await?)
}

/// The document of the API, as it is committed beside this crate.
pub fn openapi() -> anyhow::Result<String> {
    Ok(service(None).openapi(http::routes()).to_pretty_json()?)
}

fn pools(database: &Database) -> anyhow::Result<(PgPool, PgPool)> {
    let readers = database.max_connections.saturating_sub(WRITERS).max(1);
    let writers = database.max_connections.saturating_sub(readers).max(1);
    let part = |max_connections| Database {
        max_connections,
        ..database.clone()
    };
    Ok((
        part(readers).pool("order-read")?,
        part(writers).pool("order-write")?,
    ))
}
