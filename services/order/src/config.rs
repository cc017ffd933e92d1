//! Every setting of the service, parsed once in `main` and passed down by part.

use std::path::PathBuf;

use access::TokenSettings;
use clap::{ArgAction, Args, Parser, Subcommand};
use db::{Database, Migrate};
use money::Currency;
use telemetry::{Logging, Traces};
use web::server::Listen;

use crate::{
    infrastructure::product_client::CatalogSettings, payments::providers::PaymentSettings,
};

/// The orders, payments, shipments and returns of a shop.
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
    /// Serves the API.
    Serve(Box<Serve>),
    /// Runs the sagas of the orders that `serve` accepted.
    Work(Box<Work>),
    /// Migrates the database to the schema of this release.
    Migrate(Migrate),
    /// Compares orders with payments, with the provider's records and with product's holds; fails if they differ.
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
    pub tokens: TokenSettings,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    #[command(flatten)]
    pub payments: PaymentSettings,
    /// The currency of the shop, an ISO 4217 code.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Also serves `/orders…` at the root.
    #[arg(long, env = "LEGACY_ALIASES", default_value_t = false, action = ArgAction::Set)]
    pub legacy_aliases: bool,
    /// Maximum concurrent requests of one customer.
    #[arg(long, env = "MAX_QUEUED_PER_CUSTOMER", default_value_t = 8)]
    pub max_queued_per_customer: usize,
    /// Maximum changes of orders and payments by one customer per minute and replica.
    #[arg(long, env = "CHANGES_PER_CUSTOMER_PER_MINUTE", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
    pub changes_per_customer_per_minute: u32,
    /// Rejects orders, payments and refunds without an Idempotency-Key.
    #[arg(long, env = "REQUIRE_IDEMPOTENCY_KEY", default_value_t = false, action = ArgAction::Set)]
    pub require_idempotency_key: bool,
    #[command(flatten)]
    pub checkout: CheckoutSettings,
    /// Directory of the tokens of other services: one file per caller, one token per line. Without it the result of the
    /// audit is not served.
    #[arg(long, env = "INTERNAL_TOKENS_DIR")]
    pub internal_tokens_dir: Option<PathBuf>,
}

/// Requirements that a shop sets for orders.
#[derive(Args, Clone, Copy, Debug)]
pub struct CheckoutSettings {
    /// Rejects orders without a shipping address.
    #[arg(long, env = "REQUIRE_SHIPPING_ADDRESS", default_value_t = false, action = ArgAction::Set)]
    pub require_shipping_address: bool,
    /// Maximum units of one SKU in the unpaid orders of one customer, if the shop takes payments; 0: unlimited.
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
    /// The currency of the shop, an ISO 4217 code.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Interval of order audits, across all replicas; 0: on request only.
    #[arg(long, env = "AUDIT_INTERVAL_SECONDS", default_value_t = 3_600)]
    pub audit_interval_seconds: u64,
}

#[derive(Args)]
pub struct Audit {
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub catalog: CatalogSettings,
    /// The currency of the shop, an ISO 4217 code.
    #[arg(long, env = "CURRENCY", default_value = "USD")]
    pub currency: Currency,
    /// Seconds until suspected differences are checked again; changes in progress have finished by then.
    #[arg(long, default_value_t = 5)]
    pub patience_seconds: u32,
}
