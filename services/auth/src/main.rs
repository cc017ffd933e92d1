//! The auth service's process: wiring only.

use auth::{
    MIGRATOR,
    accounts::{first_admin, passwords::Passwords},
    app::App,
    config::{Command, Config, Serve},
    credentials::request_reset,
    http,
    limits::{address::AddressCounters, api_key::KeyCounters},
    sweeper,
    tokens::{
        secret::ServerKey,
        signing::{KeyFiles, SigningKeys},
    },
};
use clap::Parser;
use clock::{Clock, Ids, Jitter};
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
        Command::Openapi => {
            println!("{}", http::openapi().to_pretty_json()?);
            Ok(())
        }
    }
}

async fn serve(settings: Serve) -> anyhow::Result<()> {
    let mut tasks = Tasks::new(web::server::stop_signal()?);
    let files = KeyFiles::read(&settings.jwt_keys_dir)?;
    let (reset_requests, waiting_resets) = request_reset::queue();
    let app = App {
        pool: settings.database.pool("auth")?,
        clock: Clock::system(),
        ids: Ids::system(),
        keys: SigningKeys::try_new(&files, &settings.token_scope)?,
        server_key: ServerKey::read(&settings.refresh_key_file)?,
        passwords: Passwords::try_new(settings.hashing)?,
        account_limits: settings.account_limits,
        address_counters: AddressCounters::new(settings.address_limits),
        key_counters: KeyCounters::default(),
        vendor_signup: settings.vendor_signup,
        reset_requests,
        require_mfa: settings.require_mfa,
    };
    let stop = tasks.stop();
    tasks.spawn("sweeper", sweeper::run(app.pool.clone(), stop.clone()));
    tasks.spawn(
        "password_resets",
        waiting_resets.work(app.clone(), Jitter::random(), stop.clone()),
    );
    let keys = app.keys.clone();
    tasks.spawn(
        "signing_keys",
        keys.follow(settings.jwt_keys_dir, files, stop.clone()),
    );
    if let Some(admin) = settings.first_admin.parse()? {
        let made = first_admin::keep_trying(app.clone(), admin, stop.clone());
        tasks.spawn_once("first_admin", made);
    }

    let internal = http::internal(app.clone(), &settings.internal_tokens_dir);
    let public = http::public(app);
    let server = async { Ok(web::server::serve(&settings.listen, public, internal, stop).await?) };
    tasks.beside(server).await
}
