//! One process of an installation is active at a time: the one that holds the Lease. The others wait. A process that
//! loses the Lease must exit, since requests of its own may still be in flight.

use super::{DURATION, LeaseError, LeaseName, Liveness, Observation, holder_of, in_time};
use crate::{
    kube::{
        labels::post_params,
        readiness::{ElectionState, Readiness},
        scope::has_changed,
    },
    randomness::{OperatingSystem, Randomness as _, RandomnessError},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
};
use kube::{Api, Client};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{info, warn};

const RENEWAL: Duration = Duration::from_secs(5);
/// A holder gives up well before another process may acquire the Lease.
const GIVE_UP: Duration = Duration::from_secs(10);
/// How often a process that waits for the Lease checks it, and a holder after a failed renewal.
const POLL: Duration = Duration::from_secs(2);

/// A process that competes for its installation's Lease.
#[derive(Debug)]
pub struct Candidate {
    api: Api<Lease>,
    lease: LeaseName,
    /// The identity of this process, which differs from those of earlier processes of the same pod.
    holder: String,
    /// The prefix of the identities of earlier processes of this pod, which have ended.
    pod: Option<String>,
}

impl Candidate {
    pub fn try_new(
        client: &Client,
        lease: LeaseName,
        pod: Option<&str>,
    ) -> Result<Self, RandomnessError> {
        let random = OperatingSystem.secret(4)?;
        Ok(Self {
            api: Api::namespaced(client.clone(), &lease.namespace),
            lease,
            holder: format!("{}_{random}", pod.unwrap_or("operator")),
            pod: pod.map(|pod| format!("{pod}_")),
        })
    }

    /// Waits until this process holds the Lease.
    pub async fn wait(self, readiness: &Readiness) -> Held {
        let mut observation = Observation::default();
        let mut told = None;
        loop {
            match self.attempt(&mut observation).await {
                Ok(Attempt::Held(lease, renewed)) => {
                    info!(lease = %self.lease, holder = self.holder, "acquired the Lease");
                    return Held {
                        candidate: self,
                        lease: *lease,
                        renewed,
                    };
                }
                Ok(Attempt::Waiting { holder }) => {
                    readiness.enters(ElectionState::Waiting);
                    if told != holder {
                        info!(lease = %self.lease, holder, "waiting for the Lease");
                        told = holder;
                    }
                }
                Err(error) => {
                    readiness.lease_failed(&error.to_string(), std::time::Instant::now());
                    warn!(lease = %self.lease, error = %error, "cannot acquire the Lease; compare the operator's \
                    role with the chart's");
                }
            }
            sleep(POLL).await;
        }
    }

    async fn attempt(&self, observation: &mut Observation) -> Result<Attempt, LeaseError> {
        let found = in_time(self.api.get_opt(&self.lease.name)).await?;
        let life = observation.observe(found.as_ref(), Instant::now());
        let present = found.as_ref().and_then(holder_of).map(str::to_owned);
        let is_this_pods = present.as_deref().is_some_and(|holder| self.is_own(holder));
        if life != Liveness::Gone && !is_this_pods {
            return Ok(Attempt::Waiting { holder: present });
        }
        let renewed = Instant::now();
        let parameters = post_params();
        let taken = match found {
            Some(found) => {
                let next = self.taken(found);
                in_time(self.api.replace(&self.lease.name, &parameters, &next)).await
            }
            None => in_time(self.api.create(&parameters, &self.new_lease())).await,
        };
        match taken {
            Ok(lease) => Ok(Attempt::Held(Box::new(lease), renewed)),
            // Another process was faster.
            Err(LeaseError::Api(kube::Error::Api(status)))
                if status.is_conflict() || status.is_already_exists() || status.is_not_found() =>
            {
                Ok(Attempt::Waiting { holder: None })
            }
            Err(error) => Err(error),
        }
    }

    fn is_own(&self, holder: &str) -> bool {
        let of_pod = |pod: &String| holder.starts_with(pod.as_str());
        holder == self.holder || self.pod.as_ref().is_some_and(of_pod)
    }

    fn new_lease(&self) -> Lease {
        self.taken(Lease {
            metadata: ObjectMeta {
                name: Some(self.lease.name.clone()),
                namespace: Some(self.lease.namespace.clone()),
                ..ObjectMeta::default()
            },
            spec: None,
        })
    }

    /// With the resourceVersion that was read, so that the second of two concurrent writes is refused.
    fn taken(&self, mut lease: Lease) -> Lease {
        let before = lease.spec.take().unwrap_or_default();
        let now = MicroTime(Timestamp::now());
        lease.spec = Some(LeaseSpec {
            holder_identity: Some(self.holder.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: Some(now.clone()),
            renew_time: Some(now),
            lease_transitions: Some(before.lease_transitions.unwrap_or(0).saturating_add(1)),
            ..before
        });
        lease
    }
}

enum Attempt {
    /// The Lease, and when the request for it was sent.
    Held(Box<Lease>, Instant),
    Waiting {
        holder: Option<String>,
    },
}

/// Why a process no longer holds the Lease.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("another process holds the Lease: {0}")]
    Taken(String),
    #[error("the Lease was deleted")]
    Deleted,
    #[error("the Lease could not be renewed for {} seconds", GIVE_UP.as_secs())]
    Overdue,
}

/// The Lease, as long as it is renewed.
#[derive(Debug)]
pub struct Held {
    candidate: Candidate,
    lease: Lease,
    /// When the last successful renewal was sent: no other process has observed it earlier.
    renewed: Instant,
}

impl Held {
    /// Renews the Lease until it is lost, and returns the cause.
    pub async fn keep(&mut self) -> Lost {
        let mut next = self.renewed + RENEWAL;
        loop {
            let given_up = self.renewed + GIVE_UP;
            sleep_until(next.min(given_up)).await;
            if Instant::now() >= given_up {
                return Lost::Overdue;
            }
            next = match timeout_at(given_up, self.renew()).await {
                Ok(Ok(None)) => self.renewed + RENEWAL,
                Ok(Ok(Some(lost))) => return lost,
                Ok(Err(error)) => {
                    warn!(lease = %self.candidate.lease, error = %error, "cannot renew the Lease");
                    Instant::now() + POLL
                }
                Err(_) => return Lost::Overdue,
            };
        }
    }

    /// Renews the Lease, or returns why it is lost. After an error it is tried again.
    async fn renew(&mut self) -> Result<Option<Lost>, LeaseError> {
        let mut next = self.lease.clone();
        next.spec.get_or_insert_default().renew_time = Some(MicroTime(Timestamp::now()));
        let begun = Instant::now();
        let Candidate { api, lease, .. } = &self.candidate;
        match in_time(api.replace(&lease.name, &post_params(), &next)).await {
            Ok(lease) => {
                self.lease = lease;
                self.renewed = begun;
                Ok(None)
            }
            Err(LeaseError::Api(error)) if has_changed(&error) => self.read_again().await,
            Err(error) => Err(error),
        }
    }

    /// The Lease was written by another client. If the holder is unchanged, as after a person labelled it, the next
    /// renewal continues from the new version.
    async fn read_again(&mut self) -> Result<Option<Lost>, LeaseError> {
        let own = &self.candidate;
        let Some(found) = in_time(own.api.get_opt(&own.lease.name)).await? else {
            return Ok(Some(Lost::Deleted));
        };
        match holder_of(&found) {
            Some(present) if present == own.holder => {
                self.lease = found;
                Err(LeaseError::Changed)
            }
            present => Ok(Some(Lost::Taken(present.unwrap_or("none").to_owned()))),
        }
    }

    /// Clears the holder, so that the next process need not wait for the Lease to expire.
    pub async fn release(self) {
        match self.try_release().await {
            Ok(()) => info!(lease = %self.candidate.lease, "released the Lease"),
            Err(error) => {
                warn!(lease = %self.candidate.lease, error = %error, "cannot release the Lease");
            }
        }
    }

    async fn try_release(&self) -> Result<(), LeaseError> {
        let Candidate { api, lease, .. } = &self.candidate;
        // A renewal may have been in flight when the last pass ended.
        let Some(mut found) = in_time(api.get_opt(&lease.name)).await? else {
            return Ok(());
        };
        if holder_of(&found) == Some(&self.candidate.holder) {
            found.spec.get_or_insert_default().holder_identity = Some(String::new());
            in_time(api.replace(&lease.name, &post_params(), &found)).await?;
        }
        Ok(())
    }
}
