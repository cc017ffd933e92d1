//! Database pods of an older template. The `StatefulSet` is `OnDelete`, so the operator deletes them (OPERATOR 14): a
//! broken one at once, a healthy one when no migration is running. Pure.

use crate::{
    component::{BOOTSTRAP, POSTGRES},
    database::volumes::volume_name,
    fetched::Fetched,
    kube::{
        job_state::{JobState, job_state},
        labels::NAME,
    },
    validate::ValidStack,
};
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Pod};
use kube::ResourceExt as _;

/// A pod to delete, unless it was replaced in the meantime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    pub pod: String,
    pub uid: Option<String>,
}

pub fn restarts(stack: &ValidStack, fetched: &Fetched) -> Vec<Restart> {
    // A claim that is being deleted exists as long as its pod.
    let volume = fetched.live.volumes.get(&volume_name(&stack.name));
    if volume.is_some_and(|volume| volume.metadata.deletion_timestamp.is_some()) {
        return Vec::new();
    }
    let Some(set) = fetched.live.stateful_sets.get(&stack.object(POSTGRES)) else {
        return Vec::new();
    };
    // Before the controller has observed the template, its revision is the previous one.
    let status = set.status.as_ref();
    let status = status.filter(|status| status.observed_generation >= set.metadata.generation);
    let Some(revision) = status.and_then(|status| status.update_revision.as_ref()) else {
        return Vec::new();
    };
    let jobs = &fetched.live.jobs;
    // The bootstrap Job waits for the database itself, and with a new superuser's password it cannot log in before the
    // pod with that password runs.
    let at_work = jobs
        .iter()
        .filter(|(_, job)| job.labels().get(NAME).is_none_or(|name| name != BOOTSTRAP))
        .any(|(name, _)| job_state(jobs, name) == JobState::Active);
    fetched
        .pods
        .iter()
        .filter(|pod| pod.labels().get(NAME).is_some_and(|name| name == POSTGRES))
        // A pod of another owner may have the labels, too.
        .filter(|pod| is_of(set, pod))
        .filter(|pod| pod.labels().get("controller-revision-hash") != Some(revision))
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .filter(|pod| !at_work || !is_ready(pod))
        .map(|pod| Restart {
            pod: pod.name_any(),
            uid: pod.metadata.uid.clone(),
        })
        .collect()
}

fn is_of(set: &StatefulSet, pod: &Pod) -> bool {
    let mut owners = pod.owner_references().iter();
    owners.any(|owner| Some(&owner.uid) == set.metadata.uid.as_ref())
}

fn is_ready(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
