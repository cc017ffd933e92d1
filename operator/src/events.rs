//! Events: one for each condition that changed its reason. A failed Event fails nothing.

use crate::labels::MANAGER;
use ecommercestack_crds::{EcommerceStackStatus, Reason, Severity};
use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Condition};
use kube::{
    Client,
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use tracing::warn;

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
            if let Err(error) = self.recorder.publish(&event, stack).await {
                warn!(error = %error, event.reason, "could not publish an event");
            }
        }
    }
}

/// Conditions of the stack as a whole repeat their components'; Ready speaks only where no component says the same.
fn changes(before: Option<&EcommerceStackStatus>, after: &EcommerceStackStatus) -> Vec<Event> {
    let old = |type_: &str| {
        let conditions = before
            .map(|before| before.conditions.as_slice())
            .unwrap_or_default();
        conditions.iter().find(|condition| condition.type_ == type_)
    };
    // What is not known of a component is no news of it; Ready says why.
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
        .filter(|new| {
            old(&new.type_)
                .is_none_or(|old| (&old.reason, &old.status) != (&new.reason, &new.status))
        })
        .map(|condition| event(condition, after.observed_generation))
        .collect()
}

fn event(condition: &Condition, generation: Option<i64>) -> Event {
    let is_wrong = Reason::ALL
        .iter()
        .any(|reason| reason.as_str() == condition.reason && reason.severity() == Severity::Wrong);
    Event {
        type_: if is_wrong {
            EventType::Warning
        } else {
            EventType::Normal
        },
        reason: condition.reason.clone(),
        note: Some(condition.message.chars().take(1000).collect()),
        // The recorder drops a new note under the same reason and action for six minutes,
        // so the action tells components and generations of the spec apart.
        action: format!("{}{}", condition.type_, generation.unwrap_or(0)),
        secondary: None,
    }
}
