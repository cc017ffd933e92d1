//! Every setting of the service, parsed once in `main` and passed down by part.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use money::Currency;
use postgres::Database;
use telemetry::Logging;
use web::{server::Listen, token::TokenScope};

use crate::{
    infrastructure::product_client::CatalogSettings, payments::providers::PaymentSettings,
};

/// Takes orders and sees them through.
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
    /// Serves the API.
    Serve(Box<Serve>),
    /// Drives the sagas: finishes what `serve` began.
    Work(Box<Work>),
    /// Brings the database to this version.
    Migrate(Migrate),
    /// Compares orders with payments, with the provider's books, and with product's holds; fails if they disagree.
    Audit(Audit),
    /// Prints the `OpenAPI` document.
    Openapi,
}

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub listen: Listen,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub tokens: TokenScope,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub payments: PaymentSettings,
    /// Where auth publishes the keys of access tokens.
    #[arg(long, env = "JWKS_URL")]
    pub jwks_url: String,
    /// Where auth says which access tokens count no more: its internal port.
    #[arg(long, env = "REVOCATIONS_URL")]
    pub revocations_url: String,
    /// The one currency of the shop.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Serves `/orders…` at the root as well.
    #[arg(long, env = "LEGACY_ALIASES", default_value_t = false, action = ArgAction::Set)]
    pub legacy_aliases: bool,
    /// Requests of one customer that may be under way at the same time.
    #[arg(long, env = "MAX_QUEUED_PER_CUSTOMER", default_value_t = 8)]
    pub max_queued_per_customer: usize,
    /// Changes of orders and payments that one customer may ask for within a minute, for each replica.
    #[arg(long, env = "CHANGES_PER_CUSTOMER_PER_MINUTE", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    pub changes_per_customer_per_minute: u32,
    /// Refuses orders, payments and refunds without an Idempotency-Key.
    #[arg(long, env = "REQUIRE_IDEMPOTENCY_KEY", default_value_t = false, action = ArgAction::Set)]
    pub require_idempotency_key: bool,
    #[command(flatten)]
    pub checkout: CheckoutSettings,
    /// The folder of the tokens that others call with: a file per caller, a token a line. Without it the result of the
    /// audit is not told.
    #[arg(long, env = "INTERNAL_TOKENS_DIR")]
    pub internal_tokens_dir: Option<PathBuf>,
}

/// What a shop asks of orders.
#[derive(Args, Clone, Copy, Debug)]
pub struct CheckoutSettings {
    /// Refuses orders without a shipping address.
    #[arg(long, env = "REQUIRE_SHIPPING_ADDRESS", default_value_t = false, action = ArgAction::Set)]
    pub require_shipping_address: bool,
    /// Units of one SKU that one customer may have in unpaid orders, where orders are paid; 0: any number.
    #[arg(long, env = "MAX_UNPAID_UNITS_PER_SKU", default_value_t = 100)]
    pub max_unpaid_units_per_sku: u32,
}

#[derive(Args)]
pub struct Work {
    #[command(flatten)]
    pub listen: Listen,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub payments: PaymentSettings,
    /// The one currency of the shop.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// How often orders are audited, over all replicas; 0: on request only.
    #[arg(long, env = "AUDIT_INTERVAL_SECONDS", default_value_t = 3_600)]
    pub audit_interval_seconds: u64,
}

#[derive(Args)]
pub struct Audit {
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    /// The one currency of the shop.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Seconds until what seems wrong is read again: what was under way has landed by then.
    #[arg(long, default_value_t = 5)]
    pub patience_seconds: u32,
}

#[derive(Args)]
pub struct Migrate {
    #[command(flatten)]
    pub database: Database,
    /// Where the outcome is written.
    #[arg(
        long,
        env = "TERMINATION_MESSAGE_PATH",
        default_value = "/dev/termination-log"
    )]
    pub termination_message_path: PathBuf,
}
