//! The operator's configuration: one struct, parsed once in main.

use crate::{kube::lease::LeaseName, validate::Policy};
use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

/// Runs shops: one for each EcommerceStack.
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
    /// Runs the operator; the same as no command.
    Run,
    /// Prints every object that a stack would get, without talking to a cluster. Secrets are placeholders.
    Render {
        /// A file with `EcommerceStacks`, as YAML documents; `-` is the standard input.
        #[arg(short, long)]
        file: PathBuf,
        /// The namespace of stacks that name none.
        #[arg(short, long, default_value = "default")]
        namespace: String,
    },
}

#[derive(Clone, Debug, clap::Args)]
pub struct Run {
    /// Watch this namespace only, without any `ClusterRole`; may be given more than once. All namespaces if absent.
    #[arg(long = "namespace", env = "WATCH_NAMESPACES", value_delimiter = ',')]
    pub namespaces: Vec<String>,

    /// How often a stack that is ready is looked at without cause, such as `10m`. Secrets are not watched:
    /// a lost one comes back after this time at the latest.
    #[arg(long, env = "RESYNC", default_value = "10m", value_parser = seconds)]
    pub resync: Duration,

    /// Where /healthz, /readyz and /metrics answer.
    #[arg(long, env = "METRICS_ADDRESS", default_value = "0.0.0.0:8081")]
    pub metrics_address: SocketAddr,

    /// How many stacks are worked on at the same time, and one more if its spec is new.
    #[arg(long, env = "MAX_CONCURRENCY", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub max_concurrency: u16,

    /// The role that database pods get: a `ClusterRole`, or a Role in each watched namespace.
    #[arg(
        long,
        env = "POSTGRES_ROLE",
        default_value = "ecommercestack-operator-postgres"
    )]
    pub postgres_role: String,

    /// Take stacks whose ingress has no host, too. Such a shop answers for every host name that no other stack has, and
    /// receives the passwords of people who meant another shop: for a cluster with one shop.
    #[arg(long, env = "ALLOW_CATCH_ALL", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub allow_catch_all: bool,

    /// Where the ingress controller is reached from the operator, as `host` or `host:port`, to look whether a shop's URL
    /// leads to it; by default the address that the Ingress's status publishes.
    #[arg(long, env = "INGRESS_ADDRESS", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub ingress_address: Option<String>,

    /// The name of this pod, for Events and the Lease.
    #[arg(long, env = "POD_NAME")]
    pub pod_name: Option<String>,

    /// The namespace of the Lease by which one process of this installation works at a time, and by which other
    /// installations leave its stacks alone. No Lease is taken if absent.
    #[arg(long, env = "LEASE_NAMESPACE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub lease_namespace: Option<String>,

    /// The name of that Lease, another for each installation in the namespace.
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
        let named: Vec<_> = self
            .namespaces
            .iter()
            .filter(|name| !name.is_empty())
            .cloned()
            .map(Some)
            .collect();
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
        unit => return Err(format!("`{unit}` is no unit of time; use s, m or h")),
    };
    let value = u64::from_str(digits).map_err(|error| error.to_string())?;
    if value == 0 {
        return Err("it must be more than nothing".to_owned());
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
