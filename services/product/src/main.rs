//! The product service's process: wiring only.

use std::time::Duration;

use ::audit::{AuditReport, Audited, audit_on_schedule};
use access::{Verifier, internal::AllowedCallers};
use clap::Parser;
use clock::{Ids, Jitter};
use db::{Database, Pool};
use idempotency::InFlight;
use product::{
    MIGRATOR,
    app::{App, Parts},
    audit::{Auditor, StockSource},
    catalog::products::{http::views::Views, reads::Reads},
    config::{Command, Config, Serve},
    http,
    infrastructure::postgres::{audit_outbox::PgOutbox, pools::Pools},
    sweeper,
};
use worker::Tasks;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    // Logs go where the document goes.
    if !matches!(config.command, Command::Openapi) {
        config.logging.init()?;
    }
    match config.command {
        Command::Serve(settings) => {
            let _export = config.traces.export()?;
            serve(*settings).await
        }
        Command::Migrate(settings) => Ok(settings.run(&MIGRATOR).await?),
        Command::Audit(database) => audit(&database).await,
        Command::Openapi => {
            println!("{}", http::openapi().to_pretty_json()?);
            Ok(())
        }
    }
}

async fn serve(settings: Serve) -> anyhow::Result<()> {
    let mut tasks = Tasks::new(web::server::stop_signal()?);
    let auth = settings.tokens.auth_client(settings.internal_token_file)?;
    let verifier = Verifier::remote(settings.tokens, auth.clone())?;
    let pools = Pools::of(&settings.database)?;
    let auditor = auditor(&settings.database, &pools.main)?;
    let app = App::new(Parts {
        reads: Reads::start(&pools.reads, &mut tasks),
        pool: pools.main,
        lists: pools.lists,
        health: pools.health,
        auditor: auditor.clone(),
        ids: Ids::system(),
        verifier: verifier.clone(),
        currency: settings.currency,
        in_flight: InFlight::default(),
        views: Views::new(Duration::from_millis(settings.product_view_milliseconds)),
    });
    let stop = tasks.stop();
    tasks.spawn_for_server("token_verifier", verifier.keep_fresh());
    tasks.spawn("sweeper", sweeper::run(app.pool.clone(), stop.clone()));
    let outbox = PgOutbox(app.pool.clone());
    tasks.spawn("audit_log", audit_log::run(auth, outbox, stop.clone()));
    let interval = Duration::from_secs(settings.audit_interval_seconds);
    tasks.spawn("audits", audit_on_schedule(auditor, interval, stop.clone()));

    let callers = AllowedCallers::new(settings.internal_tokens_dir.clone(), &["order"]);
    let observers = AllowedCallers::new(settings.internal_tokens_dir, &["operator"]);
    let private = http::internal(app.clone(), callers, observers);
    let public = http::public(app, settings.legacy_aliases, settings.guest_limits.gate());
    let server = async { Ok(web::server::serve(&settings.listen, public, private, stop).await?) };
    tasks.beside(server).await
}

fn auditor(database: &Database, pool: &Pool) -> anyhow::Result<Auditor> {
    Ok(Auditor {
        source: StockSource,
        pool: pool.clone(),
        options: database.unlimited("product audit")?,
        ids: Ids::system(),
        jitter: Jitter::random(),
    })
}

async fn audit(database: &Database) -> anyhow::Result<()> {
    let auditor = auditor(database, &database.pool("product audit")?)?;
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
