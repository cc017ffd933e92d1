//! The binary: reads its configuration and does what the subcommand says.

use clap::Parser;
use order::{
    config::{Command, Config},
    process,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    // Logs go where the document goes.
    if !matches!(config.command, Command::Openapi) {
        config.logging.init()?;
    }
    match config.command {
        Command::Serve(serve) => {
            let _export = config.traces.export()?;
            process::serve(*serve).await
        }
        Command::Work(work) => {
            let _export = config.traces.export()?;
            process::work(*work).await
        }
        Command::Migrate(migrate) => process::migrate(migrate).await,
        Command::Audit(audit) => process::audit(audit).await,
        Command::Openapi => {
            println!("{}", process::openapi()?);
            Ok(())
        }
    }
}
