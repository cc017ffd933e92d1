//! Installations of the operator, each identified by its Lease: which one this is, and whether another one is active
//! (ADR 10).

use crate::kube::lease::{self, LeaseError, LeaseName, Liveness, Observation};
use kube::Client;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tracing::debug;

/// How often a Lease is read, however many stacks name it.
const POLL: Duration = Duration::from_secs(3);

/// This installation, and the last known states of others.
#[derive(Clone)]
pub struct Installation {
    pub client: Client,
    /// Absent if no Lease is used: such an operator does not change the stacks of others, and claims none.
    own: Option<String>,
    others: Arc<Mutex<HashMap<String, Other>>>,
}

#[derive(Debug, Default)]
struct Other {
    observation: Observation,
    /// When its Lease was read last, and the result.
    last: Option<(Instant, InstallationState)>,
}

/// The state of another installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationState {
    Known(Liveness),
    /// The operator is not permitted to read its Lease.
    Hidden,
}

impl Installation {
    pub fn new(client: Client, lease: Option<&LeaseName>) -> Self {
        Self {
            client,
            own: lease.map(LeaseName::to_string),
            others: Arc::default(),
        }
    }

    /// As it stands in `status.operator`.
    pub fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// Whether this installation may remove the data of a deleted stack. The answer may take as long as a Lease lasts.
    pub async fn is_left_to_us(&self, operator: Option<&str>) -> bool {
        let Some(operator) = operator.filter(|operator| Some(*operator) != self.own()) else {
            return true;
        };
        loop {
            match self.state(operator).await {
                Ok(InstallationState::Known(Liveness::Gone)) => return true,
                Ok(InstallationState::Known(Liveness::Alive) | InstallationState::Hidden) => {
                    return false;
                }
                Ok(InstallationState::Known(Liveness::Unknown)) => {}
                Err(error) => {
                    debug!(error = %error, operator, "cannot read the Lease of another installation");
                }
            }
            sleep(POLL).await;
        }
    }

    /// The current state of an installation.
    pub async fn state(&self, installation: &str) -> Result<InstallationState, LeaseError> {
        let mut others = self.others.lock().await;
        let other = others.entry(installation.to_owned()).or_default();
        // An installation without a holder may have started again since then.
        if let Some((at, state)) = other.last
            && at.elapsed() < POLL
            && state != InstallationState::Known(Liveness::Gone)
        {
            return Ok(state);
        }
        let Some(name) = LeaseName::parse(installation) else {
            return Ok(InstallationState::Known(Liveness::Gone));
        };
        let state = match lease::read(&self.client, &name).await {
            Ok(found) => {
                InstallationState::Known(other.observation.observe(found.as_ref(), Instant::now()))
            }
            Err(LeaseError::Api(kube::Error::Api(status))) if status.is_forbidden() => {
                InstallationState::Hidden
            }
            Err(error) => return Err(error),
        };
        other.last = Some((Instant::now(), state));
        Ok(state)
    }
}
