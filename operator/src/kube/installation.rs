//! Installations of the operator, each told from the others by its Lease: which one this is, and whether another one works
//! (ADR 10).

use crate::kube::lease::{self, LeaseError, LeaseName, Life, Observation};
use kube::Client;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tracing::debug;

/// How often a Lease is read, however many stacks name it.
const LOOK: Duration = Duration::from_secs(3);

/// This installation, and what it knows of others.
#[derive(Clone)]
pub struct Installation {
    pub client: Client,
    /// Absent where no Lease is taken: such an operator leaves the stacks of others alone, and claims none.
    own: Option<String>,
    others: Arc<Mutex<HashMap<String, Other>>>,
}

#[derive(Debug, Default)]
struct Other {
    observation: Observation,
    /// When it was read last, and what came of it.
    last: Option<(Instant, Sign)>,
}

/// What can be told of another installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Known(Life),
    /// Its Lease may not be read.
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

    /// Whether what a stack left is this installation's to remove. The answer may take as long as a Lease lasts.
    pub async fn is_left_to_us(&self, operator: Option<&str>) -> bool {
        let Some(operator) = operator.filter(|operator| Some(*operator) != self.own()) else {
            return true;
        };
        loop {
            match self.sign(operator).await {
                Ok(Sign::Known(Life::Gone)) => return true,
                Ok(Sign::Known(Life::Alive) | Sign::Hidden) => return false,
                Ok(Sign::Known(Life::Unknown)) => {}
                Err(error) => {
                    debug!(error = %error, operator, "cannot read the Lease of another installation");
                }
            }
            sleep(LOOK).await;
        }
    }

    /// What can be told of an installation now.
    pub async fn sign(&self, installation: &str) -> Result<Sign, LeaseError> {
        let mut others = self.others.lock().await;
        let other = others.entry(installation.to_owned()).or_default();
        // One that was gone a moment ago may be back.
        if let Some((at, sign)) = other.last
            && at.elapsed() < LOOK
            && sign != Sign::Known(Life::Gone)
        {
            return Ok(sign);
        }
        let Some(name) = LeaseName::parse(installation) else {
            return Ok(Sign::Known(Life::Gone));
        };
        let sign = match lease::read(&self.client, &name).await {
            Ok(found) => Sign::Known(other.observation.look(found.as_ref(), Instant::now())),
            Err(LeaseError::Api(kube::Error::Api(status))) if status.is_forbidden() => Sign::Hidden,
            Err(error) => return Err(error),
        };
        other.last = Some((Instant::now(), sign));
        Ok(sign)
    }
}
