//! The operator's configuration: one struct, parsed once in main.

use crate::{kube::lease::LeaseName, validate::Policy};
use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

/// Kubernetes operator that runs a shop for each EcommerceStack.
#[derive(Debug, clap::Parser)]
#[command(name = "ecommercestack-operator", version)]
pub struct Config {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: Run,
    #[command(flatten)]
    pub logging: telemetry::Logging,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Runs the operator; the default command.
    Run,
    /// Prints every object that the operator would create for a stack, without a cluster. Secrets have placeholder values.
    Render {
        /// A file of YAML documents with `EcommerceStacks`; `-` reads standard input.
        #[arg(short, long)]
        file: PathBuf,
        /// The namespace of stacks that do not set one.
        #[arg(short, long, default_value = "default")]
        namespace: String,
    },
}

#[derive(Clone, Debug, clap::Args)]
pub struct Run {
    /// Watch only this namespace, without any `ClusterRole`; may be repeated. All namespaces if absent.
    #[arg(long = "namespace", env = "WATCH_NAMESPACES", value_delimiter = ',')]
    pub namespaces: Vec<String>,

    /// How often a ready stack is reconciled without a change, such as `10m`. Secrets are not watched: a deleted one is
    /// created again after this time at the latest.
    #[arg(long, env = "RESYNC", default_value = "10m", value_parser = seconds)]
    pub resync: Duration,

    /// The address that serves /healthz, /readyz and /metrics.
    #[arg(long, env = "METRICS_ADDRESS", default_value = "0.0.0.0:8081")]
    pub metrics_address: SocketAddr,

    /// How many stacks are reconciled concurrently, and one more if its spec is new.
    #[arg(long, env = "MAX_CONCURRENCY", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub max_concurrency: u16,

    /// The role that database pods are bound to: a `ClusterRole`, or a Role in each watched namespace.
    #[arg(
        long,
        env = "POSTGRES_ROLE",
        default_value = "ecommercestack-operator-postgres"
    )]
    pub postgres_role: String,

    /// Accept stacks whose ingress has no host. Such a shop receives the requests for every host name that no other
    /// stack has, including passwords meant for other shops: use it only in a cluster with one shop.
    #[arg(long, env = "ALLOW_CATCH_ALL", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub allow_catch_all: bool,

    /// The address of the ingress controller as `host` or `host:port`, through which the operator checks that a shop's
    /// URL leads to the shop; the address in the Ingress's status if absent.
    #[arg(long, env = "INGRESS_ADDRESS", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub ingress_address: Option<String>,

    /// The name of this pod, used in Events and in the Lease.
    #[arg(long, env = "POD_NAME")]
    pub pod_name: Option<String>,

    /// The namespace of the Lease that elects one active process of this installation and keeps other installations
    /// from changing its stacks. No Lease is used if absent.
    #[arg(long, env = "LEASE_NAMESPACE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub lease_namespace: Option<String>,

    /// The name of that Lease, unique to each installation in the namespace.
    #[arg(long, env = "LEASE_NAME", default_value = "ecommercestack-operator", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub lease_name: String,
}

impl Run {
    /// What this operator allows.
    pub fn policy(&self) -> Policy {
        Policy {
            allow_catch_all: self.allow_catch_all,
        }
    }

    /// The Lease of this installation.
    pub fn lease(&self) -> Option<LeaseName> {
        let namespace = self.lease_namespace.clone()?;
        Some(LeaseName {
            namespace,
            name: self.lease_name.clone(),
        })
    }

    /// Cluster-wide, or namespace by namespace.
    pub fn scopes(&self) -> Vec<Option<String>> {
        let named = self.namespaces.iter().filter(|name| !name.is_empty());
        let named: Vec<_> = named.cloned().map(Some).collect();
        if named.is_empty() { vec![None] } else { named }
    }
}

/// Parses `90s`, `10m`, `1h` or a number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        unit => return Err(format!("`{unit}` is not a unit of time; use s, m or h")),
    };
    let value = u64::from_str(digits).map_err(|error| error.to_string())?;
    if value == 0 {
        return Err("the duration must be greater than zero".to_owned());
    }
    Ok(Duration::from_secs(value.saturating_mul(factor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn durations_have_units() {
        assert_eq!(seconds("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(seconds("10m"), Ok(Duration::from_mins(10)));
        assert_eq!(seconds("15"), Ok(Duration::from_secs(15)));
        assert!(seconds("10d").is_err());
        assert!(seconds("0s").is_err());
    }

    #[test]
    fn stacks_that_catch_all_hosts_are_allowed_by_a_flag_only() {
        let allows = |arguments: &[&str]| Config::parse_from(arguments).run.allow_catch_all;
        assert!(!allows(&["operator"]));
        assert!(allows(&["operator", "--allow-catch-all"]));
        assert!(!allows(&["operator", "--allow-catch-all=false"]));
    }

    #[test]
    fn a_lease_is_taken_where_a_namespace_is_named_for_it() {
        let lease = |arguments: &[&str]| Config::parse_from(arguments).run.lease();
        assert_eq!(lease(&["operator"]), None);
        let named = lease(&["operator", "--lease-namespace", "system"]).unwrap();
        assert_eq!(named.to_string(), "system/ecommercestack-operator");
    }

    #[test]
    fn every_watched_namespace_is_a_scope_of_its_own() {
        let config = Config::parse_from(["operator", "--namespace", "a", "--namespace", "b"]);
        assert_eq!(
            config.run.scopes(),
            [Some("a".to_owned()), Some("b".to_owned())]
        );
        assert_eq!(Config::parse_from(["operator"]).run.scopes(), [None]);
    }
}
