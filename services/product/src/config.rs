//! The settings, parsed once in main and passed down by part.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use money::Currency;
use postgres::Database;
use telemetry::Logging;
use web::{server::Listen, token::TokenScope};

use crate::guests::GuestLimits;

/// Auth's keys come from a neighbour: later than this they do not come.
pub const JWKS_TIMEOUT: Duration = Duration::from_secs(2);

/// The catalogue and the stock of a shop.
#[derive(Parser)]
#[command(version)]
pub struct Config {
    #[command(flatten)]
    pub logging: Logging,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Answers requests until it is told to stop.
    Serve(Box<Serve>),
    /// Brings the database to the schema of this release.
    Migrate(Migrate),
    /// Audits the stock once and prints the result; fails if there are problems. For use after a restore.
    Audit(Audit),
    /// Prints the OpenAPI document.
    Openapi,
}

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub listen: Listen,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub token_scope: TokenScope,
    /// Where auth publishes the keys that access tokens are signed with.
    #[arg(long, env = "JWKS_URL")]
    pub jwks_url: String,
    /// Where auth says which access tokens count no more: its internal port.
    #[arg(long, env = "REVOCATIONS_URL")]
    pub revocations_url: String,
    /// The file with the token that auth knows this service by.
    #[arg(long, env = "INTERNAL_TOKEN_FILE")]
    pub internal_token_file: PathBuf,
    /// The shop's one currency, an ISO 4217 code; prices are kept in its minor units, so it never changes.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Answers below `/products` at the root as well.
    #[arg(long, env = "LEGACY_ALIASES", default_value_t = false, action = clap::ArgAction::Set)]
    pub legacy_aliases: bool,
    /// How long guests and customers may be shown a product, and what is available of it, as it was; 0: always as it is.
    #[arg(long, env = "PRODUCT_VIEW_MILLISECONDS", default_value_t = 0)]
    pub product_view_milliseconds: u64,
    #[command(flatten)]
    pub guest_limits: GuestLimits,
    /// How often the stock is audited, over all replicas; 0: on request only.
    #[arg(long, env = "AUDIT_INTERVAL_SECONDS", default_value_t = 3_600)]
    pub audit_interval_seconds: u64,
    /// The folder of the tokens that other services call with: a file per caller, a token a line.
    #[arg(long, env = "INTERNAL_TOKENS_DIR")]
    pub internal_tokens_dir: PathBuf,
}

#[derive(Args)]
pub struct Audit {
    #[command(flatten)]
    pub database: Database,
}

#[derive(Args)]
pub struct Migrate {
    #[command(flatten)]
    pub database: Database,
    /// Where the outcome is written for whoever started the Job.
    #[arg(
        long,
        env = "TERMINATION_MESSAGE_PATH",
        default_value = "/dev/termination-log"
    )]
    pub termination_message_path: PathBuf,
}
