//! The settings, parsed once in main and passed down by part.

use std::path::PathBuf;

use access::TokenScope;
use clap::{Args, Parser, Subcommand};
use db::{Database, Migrate};
use telemetry::{Logging, Traces};
use web::server::Listen;

use crate::{
    accounts::{first_admin::FirstAdminSettings, passwords::HashingLimits, sign_up::VendorSignup},
    limits::{account::AccountLimits, address::AddressLimits},
    mfa::policy::RequireMfa,
};

/// Accounts, sessions and tokens of a shop.
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
    /// Directory of the signing keys: one `<kid>.pem` per key (P-256, PKCS#8); the file `active` names the active one.
    #[arg(long, env = "JWT_KEYS_DIR")]
    pub jwt_keys_dir: PathBuf,
    /// File with the key that refresh tokens are derived from: at least 32 bytes, hexadecimal.
    #[arg(long, env = "REFRESH_KEY_FILE")]
    pub refresh_key_file: PathBuf,
    /// Directory of the tokens of other services: one file per caller, one token per line.
    #[arg(long, env = "INTERNAL_TOKENS_DIR")]
    pub internal_tokens_dir: PathBuf,
    #[command(flatten)]
    pub first_admin: FirstAdminSettings,
    /// Whether users may register as vendors.
    #[arg(long, env = "VENDOR_SIGNUP", value_enum, default_value = "open")]
    pub vendor_signup: VendorSignup,
    /// Which accounts must have a second factor.
    #[arg(long, env = "REQUIRE_MFA", value_enum, default_value = "none")]
    pub require_mfa: RequireMfa,
    #[command(flatten)]
    pub address_limits: AddressLimits,
    #[command(flatten)]
    pub account_limits: AccountLimits,
    #[command(flatten)]
    pub hashing: HashingLimits,
}
