//! A Lease shows whether an installation of the operator is active: one of its processes holds the Lease and keeps
//! renewing it. An observer measures on its own clock how long the Lease has not changed, since the clocks of machines
//! differ.

mod election;

pub use election::{Candidate, Held, Lost};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{Api, Client};
use std::{fmt, time::Duration};
use tokio::time::{Instant, timeout};

/// How long a Lease counts after its last renewal.
pub const DURATION: Duration = Duration::from_secs(15);
const LONGEST_REQUEST: Duration = Duration::from_secs(3);
/// The longest duration that is accepted from a Lease: a typing error must not block a stack for all installations.
const LONGEST_DURATION: Duration = Duration::from_mins(5);

/// The Lease of an installation, which identifies it. Written as `NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseName {
    pub namespace: String,
    pub name: String,
}

impl LeaseName {
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = text.split_once('/')?;
        Some(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for LeaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// Whether a Lease is held, as far as this process can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It was renewed recently.
    Alive,
    /// It has a holder and has not been observed for long enough.
    Unknown,
    /// It has no holder, or the holder has stopped renewing it.
    Gone,
    /// The operator is not permitted to read it; only the reader of another namespace's Lease reports this.
    Hidden,
}

/// The history of a Lease, as far as it matters.
#[derive(Debug, Default)]
pub struct Observation(Option<Reading>);

/// The last content of a Lease.
#[derive(Debug)]
struct Reading {
    spec: LeaseSpec,
    /// When this content was first read.
    since: Instant,
    /// Whether the content has ever changed.
    has_changed: bool,
}

impl Observation {
    /// Records what was read. A Lease that was deleted while it was held counts until it would have expired.
    pub fn observe(&mut self, lease: Option<&Lease>, now: Instant) -> Liveness {
        if let Some(lease) = lease {
            let spec = lease.spec.clone().unwrap_or_default();
            if self.0.as_ref().is_none_or(|before| before.spec != spec) {
                let has_changed = self.0.is_some();
                self.0 = Some(Reading {
                    spec,
                    since: now,
                    has_changed,
                });
            }
        }
        let reading = self.0.as_ref();
        reading.map_or(Liveness::Gone, |reading| reading.liveness(now))
    }
}

impl Reading {
    fn liveness(&self, now: Instant) -> Liveness {
        if holder(&self.spec).is_none() {
            return Liveness::Gone;
        }
        let seconds = self.spec.lease_duration_seconds.unwrap_or(0);
        let lasts = u64::try_from(seconds).map_or(DURATION, Duration::from_secs);
        if now.duration_since(self.since) >= lasts.min(LONGEST_DURATION) {
            Liveness::Gone
        } else if self.has_changed {
            Liveness::Alive
        } else {
            Liveness::Unknown
        }
    }
}

/// A released Lease has an empty holder.
fn holder(spec: &LeaseSpec) -> Option<&str> {
    let holder = spec.holder_identity.as_deref();
    holder.filter(|holder| !holder.is_empty())
}

fn holder_of(lease: &Lease) -> Option<&str> {
    holder(lease.spec.as_ref()?)
}

#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    #[error("the API server did not respond in time")]
    Overdue,
    #[error("another client changed it in the meantime")]
    Changed,
    #[error(transparent)]
    Api(#[from] kube::Error),
}

/// Reads a Lease.
pub async fn read(client: &Client, lease: &LeaseName) -> Result<Option<Lease>, LeaseError> {
    let api: Api<Lease> = Api::namespaced(client.clone(), &lease.namespace);
    in_time(api.get_opt(&lease.name)).await
}

async fn in_time<T>(request: impl Future<Output = kube::Result<T>>) -> Result<T, LeaseError> {
    match timeout(LONGEST_REQUEST, request).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(LeaseError::Overdue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, transitions: i32) -> Lease {
        Lease {
            spec: Some(LeaseSpec {
                holder_identity: Some(holder.to_owned()),
                lease_duration_seconds: Some(15),
                lease_transitions: Some(transitions),
                ..LeaseSpec::default()
            }),
            ..Lease::default()
        }
    }

    #[test]
    fn a_holder_is_alive_once_it_was_seen_to_renew_and_until_it_has_not_for_the_lease_s_duration() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut observation = Observation::default();
        let first = lease("a", 1);
        assert_eq!(observation.observe(Some(&first), at(0)), Liveness::Unknown);
        assert_eq!(observation.observe(Some(&first), at(14)), Liveness::Unknown);
        assert_eq!(observation.observe(Some(&first), at(15)), Liveness::Gone);
        let renewed = lease("a", 2);
        assert_eq!(observation.observe(Some(&renewed), at(16)), Liveness::Alive);
        assert_eq!(observation.observe(Some(&renewed), at(30)), Liveness::Alive);
        assert_eq!(observation.observe(Some(&renewed), at(31)), Liveness::Gone);
        let released = lease("", 2);
        assert_eq!(observation.observe(Some(&released), at(32)), Liveness::Gone);
    }

    #[test]
    fn a_lease_without_a_holder_is_free_and_a_deleted_one_once_its_holder_has_noticed() {
        let start = Instant::now();
        let mut observation = Observation::default();
        assert_eq!(observation.observe(None, start), Liveness::Gone);
        observation.observe(Some(&lease("a", 1)), start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(observation.observe(None, at(5)), Liveness::Unknown);
        assert_eq!(observation.observe(None, at(15)), Liveness::Gone);
    }

    #[test]
    fn a_duration_beyond_reason_counts_five_minutes() {
        let start = Instant::now();
        let mut observation = Observation::default();
        let mut long = lease("a", 1);
        long.spec.as_mut().unwrap().lease_duration_seconds = Some(i32::MAX);
        observation.observe(Some(&long), start);
        let later = start + Duration::from_mins(5);
        assert_eq!(observation.observe(Some(&long), later), Liveness::Gone);
    }

    #[test]
    fn the_name_of_a_lease_is_read_as_it_is_written() {
        let name = LeaseName::parse("shops/operator").unwrap();
        assert_eq!(name.to_string(), "shops/operator");
        assert_eq!(LeaseName::parse("operator"), None);
    }
}
