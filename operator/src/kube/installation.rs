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
    last: Option<(Instant, Liveness)>,
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
            match self.liveness(operator).await {
                Ok(Liveness::Gone) => return true,
                Ok(Liveness::Alive | Liveness::Hidden) => return false,
                Ok(Liveness::Unknown) => {}
                Err(error) => {
                    debug!(error = %error, operator, "cannot read the Lease of another installation");
                }
            }
            sleep(POLL).await;
        }
    }

    /// Whether an installation is active.
    pub async fn liveness(&self, installation: &str) -> Result<Liveness, LeaseError> {
        let mut others = self.others.lock().await;
        let other = others.entry(installation.to_owned()).or_default();
        // An installation without a holder may have started again since then.
        if let Some((at, liveness)) = other.last
            && at.elapsed() < POLL
            && liveness != Liveness::Gone
        {
            return Ok(liveness);
        }
        let Some(name) = LeaseName::parse(installation) else {
            return Ok(Liveness::Gone);
        };
        let liveness = match lease::read(&self.client, &name).await {
            Ok(found) => other.observation.observe(found.as_ref(), Instant::now()),
            Err(LeaseError::Api(kube::Error::Api(status))) if status.is_forbidden() => {
                Liveness::Hidden
            }
            Err(error) => return Err(error),
        };
        other.last = Some((Instant::now(), liveness));
        Ok(liveness)
    }
}
