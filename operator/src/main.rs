//! Wiring only: `run` holds what the binary does.

use clap::Parser as _;
use ecommercestack_operator::{
    config::{Command, Config},
    run,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Config {
        command,
        run: config,
        logging,
    } = Config::parse();
    if let Some(Command::Render { file, namespace }) = command {
        return run::print(&file, &namespace, &config);
    }
    logging.init()?;
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("the TLS crypto provider was installed twice"))?;
    run::operator(config).await
}
