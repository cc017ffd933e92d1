//! The settings, parsed once in main and passed down by part.

use std::path::PathBuf;

use access::TokenSettings;
use clap::{Args, Parser, Subcommand};
use db::{Database, Migrate};
use money::Currency;
use telemetry::{Logging, Traces};
use web::server::Listen;

use crate::guests::GuestLimits;

/// The catalogue and the stock of a shop.
#[derive(Parser)]
#[command(version)]
pub struct Config {
    #[command(flatten)]
    pub logging: Logging,
    #[command(flatten)]
    pub traces: Traces,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serves the API until it is stopped.
    Serve(Box<Serve>),
    /// Migrates the database to the schema of this release.
    Migrate(Migrate),
    /// Audits the stock once and prints the result; fails if there are problems. For use after a restore.
    Audit(Database),
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
    pub tokens: TokenSettings,
    /// File with the token that authenticates this service to auth.
    #[arg(long, env = "INTERNAL_TOKEN_FILE")]
    pub internal_token_file: PathBuf,
    /// The currency of the shop, an ISO 4217 code. Prices are stored in its minor units, so it must never change.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Also serves `/products…` at the root.
    #[arg(long, env = "LEGACY_ALIASES", default_value_t = false, action = clap::ArgAction::Set)]
    pub legacy_aliases: bool,
    /// How long products and their availability may be cached for guests and customers; 0 disables the cache.
    #[arg(long, env = "PRODUCT_VIEW_MILLISECONDS", default_value_t = 0)]
    pub product_view_milliseconds: u64,
    #[command(flatten)]
    pub guest_limits: GuestLimits,
    /// Interval of stock audits, across all replicas; 0: on request only.
    #[arg(long, env = "AUDIT_INTERVAL_SECONDS", default_value_t = 3_600)]
    pub audit_interval_seconds: u64,
    /// Directory of the tokens of other services: one file per caller, one token per line.
    #[arg(long, env = "INTERNAL_TOKENS_DIR")]
    pub internal_tokens_dir: PathBuf,
}
