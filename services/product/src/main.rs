//! The product service's process: wiring only.

use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use product::{
    MIGRATOR,
    app::{App, Parts},
    config::{Command, Config, JWKS_TIMEOUT, Serve},
    http,
    idempotency::InFlight,
    reads::Reads,
    sweeper,
    views::Views,
};
use web::{
    clock::Clock,
    internal::AllowedCallers,
    token::{RevocationFeed, Verifier},
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    match config.command {
        Command::Serve(settings) => {
            config.logging.init()?;
            serve(*settings).await
        }
        Command::Migrate(settings) => {
            config.logging.init()?;
            Ok(postgres::migrate(
                &settings.database,
                &MIGRATOR,
                &settings.termination_message_path,
            )
            .await?)
        }
        Command::Openapi => {
            println!("{}", http::openapi().to_pretty_json()?);
            Ok(())
        }
    }
}

async fn serve(settings: Serve) -> anyhow::Result<()> {
    let stop = web::server::stop_signal()?;
    let client = reqwest::Client::builder().timeout(JWKS_TIMEOUT).build()?;
    let feed = RevocationFeed {
        url: settings.revocations_url,
        token_file: settings.internal_token_file,
    };
    let verifier = Verifier::remote(&settings.token_scope, settings.jwks_url, feed, client);
    let pool = settings.database.pool("product")?;
    let app = App::new(Parts {
        reads: Reads::start(&pool),
        pool,
        clock: Clock::system(),
        verifier: verifier.clone(),
        currency: settings.currency,
        in_flight: InFlight::default(),
        views: Views::new(Duration::from_millis(settings.product_view_milliseconds)),
    });
    // Holds no transaction: ends with the process.
    tokio::spawn(verifier.keep_fresh());
    let sweeper = tokio::spawn(sweeper::run(app.pool.clone(), stop.clone()));

    let callers = AllowedCallers::new(settings.internal_tokens_dir, &["order"]);
    let internal = http::internal(app.clone(), callers);
    let public = http::public(app, settings.legacy_aliases, settings.guest_limits.gate());
    web::server::serve(&settings.listen, public, internal, stop).await?;
    // What is under way there ends by itself: nothing is cancelled in a transaction.
    sweeper.await.context("the sweeper died")
}
