//! Events: one for each condition whose reason changed, and some for single occurrences. A failed Event has no effect.

use crate::{kube::labels::MANAGER, status::Finding};
use ecommercestack_crds::{EcommerceStackStatus, Reason, Severity};
use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Condition};
use kube::{
    Client,
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use std::{str::FromStr as _, time::Duration};
use tokio::time::timeout;
use tracing::warn;

/// A pass waits for it.
const LONGEST: Duration = Duration::from_secs(5);

/// Publishes what changed between two statuses.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    pub fn new(client: Client, instance: Option<String>) -> Self {
        let reporter = Reporter {
            controller: MANAGER.to_owned(),
            instance,
        };
        Self {
            recorder: Recorder::new(client, reporter),
        }
    }

    pub async fn publish(
        &self,
        stack: &ObjectReference,
        before: Option<&EcommerceStackStatus>,
        after: &EcommerceStackStatus,
    ) {
        for event in changes(before, after) {
            self.record(&event, stack).await;
        }
    }

    /// Publishes an occurrence that no condition reports afterwards.
    pub async fn publish_finding(&self, stack: &ObjectReference, finding: &Finding) {
        let reason = finding.reason.into_str();
        let event = event(reason, &finding.message, "Reconcile".to_owned());
        self.record(&event, stack).await;
    }

    async fn record(&self, event: &Event, stack: &ObjectReference) {
        match timeout(LONGEST, self.recorder.publish(event, stack)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(error = %error, event.reason, "cannot publish an Event"),
            Err(_) => warn!(event.reason, "publishing an Event timed out"),
        }
    }
}

/// Conditions of the whole stack repeat those of components; Ready gets an Event only if no component has the same
/// reason.
fn changes(before: Option<&EcommerceStackStatus>, after: &EcommerceStackStatus) -> Vec<Event> {
    let old = |type_: &str| {
        let mut conditions = before?.conditions.iter();
        conditions.find(|condition| condition.type_ == type_)
    };
    // An unknown component gets no Event; Ready reports the cause.
    let is_component = |condition: &&Condition| {
        condition.type_ != "Ready"
            && condition.type_.ends_with("Ready")
            && condition.status != "Unknown"
    };
    let components = || after.conditions.iter().filter(is_component);
    let ready = after.conditions.iter().filter(|condition| {
        condition.type_ == "Ready"
            && (condition.status == "True"
                || components().all(|component| component.reason != condition.reason))
    });
    components()
        .chain(ready)
        .filter(|new| match old(&new.type_) {
            None => true,
            // It was unknown for a moment, and then healthy again.
            Some(old) if old.status == "Unknown" => new.status != "True",
            Some(old) => (&old.reason, &old.status) != (&new.reason, &new.status),
        })
        .map(|condition| {
            // The recorder drops a new note under the same reason and action for six minutes, so the action
            // distinguishes components and generations of the spec.
            let generation = after.observed_generation.unwrap_or(0);
            let action = format!("{}{generation}", condition.type_);
            event(&condition.reason, &condition.message, action)
        })
        .collect()
}

fn event(reason: &str, message: &str, action: String) -> Event {
    let known = Reason::from_str(reason);
    let is_wrong = known.is_ok_and(|known| known.severity() == Severity::Wrong);
    Event {
        type_: if is_wrong {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: reason.to_owned(),
        note: Some(message.chars().take(1000).collect()),
        action,
        secondary: None,
    }
}
