//! The environment of the services' processes: the variables that the operator sets in their containers
//! (`operator/src/components/environment.rs`), with the ports of each process.

use std::path::Path;

use crate::plan::Workload;

pub const TOKEN_ISSUER: &str = "urn:ecommercestack:local:shop";
pub const TOKEN_AUDIENCE: &str = "local/shop";
/// The number that the operator sets for each pod.
pub const POOL_CONNECTIONS: u32 = 8;

/// The parts of the shop that a process has to know.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub database_url: &'a str,
    pub public_port: u16,
    pub internal_port: u16,
    /// The port on which auth publishes its keys.
    pub auth_port: u16,
    pub auth_internal_port: u16,
    /// The port of the product process that this process calls.
    pub product_internal_port: u16,
    /// The folders of the signing keys and of the internal tokens.
    pub jwt_keys: &'a Path,
    pub internal_tokens: &'a Path,
}

/// The variables of a process with their values.
pub fn environment(workload: Workload, around: Surroundings<'_>) -> Vec<(&'static str, String)> {
    let internal_tokens = around.internal_tokens.display().to_string();
    let mut variables = vec![
        ("DATABASE_URL", around.database_url.to_owned()),
        ("DATABASE_MAX_CONNECTIONS", POOL_CONNECTIONS.to_string()),
        ("TOKEN_ISSUER", TOKEN_ISSUER.to_owned()),
        ("TOKEN_AUDIENCE", TOKEN_AUDIENCE.to_owned()),
        (
            "PUBLIC_ADDRESS",
            format!("127.0.0.1:{}", around.public_port),
        ),
        (
            "INTERNAL_ADDRESS",
            format!("127.0.0.1:{}", around.internal_port),
        ),
    ];
    let shop = [
        (
            "JWKS_URL",
            format!(
                "http://127.0.0.1:{}/.well-known/jwks.json",
                around.auth_port
            ),
        ),
        ("CURRENCY", "USD".to_owned()),
        ("LEGACY_ALIASES", "false".to_owned()),
        (
            "REVOCATIONS_URL",
            format!(
                "http://127.0.0.1:{}/internal/revocations",
                around.auth_internal_port
            ),
        ),
    ];
    match workload {
        Workload::Auth => {
            let keys = around.jwt_keys.display().to_string();
            variables.extend([
                ("REFRESH_KEY_FILE", format!("{keys}/refresh.key")),
                ("JWT_KEYS_DIR", keys),
                ("ADMIN_EMAIL", "admin@example.com".to_owned()),
                ("ADMIN_PASSWORD", "correct horse battery".to_owned()),
                ("VENDOR_SIGNUP", "open".to_owned()),
                ("INTERNAL_TOKENS_DIR", internal_tokens),
            ]);
        }
        Workload::Product => {
            variables.extend(shop);
            variables.push(("INTERNAL_TOKEN_FILE", format!("{internal_tokens}/product")));
            variables.push(("INTERNAL_TOKENS_DIR", internal_tokens));
        }
        Workload::Order | Workload::Worker => {
            variables.extend(shop);
            variables.extend([
                (
                    "PRODUCT_INTERNAL_URL",
                    format!("http://127.0.0.1:{}", around.product_internal_port),
                ),
                ("INTERNAL_TOKEN_FILE", format!("{internal_tokens}/order")),
                // The shop runs for some minutes, and an audit would compete with the test for the machine.
                ("AUDIT_INTERVAL_SECONDS", "0".to_owned()),
            ]);
        }
    }
    variables
}
