//! Why objects wait, in cases where only Events report it: a `StatefulSet` or a Job without pods, a volume without
//! storage, a pod without its volumes. Events are read only for objects that wait: they are many, and they outlive
//! their cause.

use crate::kube::{
    job_state::{JobState, job_state},
    live::{FetchError, Live, read},
    pod_failures::is_creating_containers,
};
use k8s_openapi::{
    api::core::v1::{Event, Pod},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{Api, Client, api::ListParams};
use std::collections::BTreeMap;

/// The message of the last Event of an object, where that is a warning; by kind and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings(pub BTreeMap<(&'static str, String), String>);

impl Warnings {
    pub fn of(&self, kind: &'static str, name: &str) -> Option<&str> {
        let message = self.0.get(&(kind, name.to_owned()));
        message.map(String::as_str)
    }
}

/// Reads the Events of objects that wait.
pub async fn warnings(
    client: &Client,
    namespace: &str,
    live: &Live,
    pods: &[Pod],
) -> Result<Warnings, FetchError> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let mut found = BTreeMap::new();
    for (kind, metadata) in waiting(live, pods) {
        let (Some(name), Some(uid)) = (&metadata.name, &metadata.uid) else {
            continue;
        };
        let selector = ListParams::default().fields(&format!("involvedObject.uid={uid}"));
        let events = read("Events", api.list(&selector)).await?;
        if let Some(message) = last_warning(&events.items) {
            found.insert((kind, name.clone()), message.to_owned());
        }
    }
    Ok(Warnings(found))
}

/// Objects that should have pods or storage and do not.
fn waiting<'a>(live: &'a Live, pods: &'a [Pod]) -> Vec<(&'static str, &'a ObjectMeta)> {
    let sets = live.stateful_sets.values().filter(|set| {
        let pods = set.status.as_ref().map_or(0, |status| status.replicas);
        pods < set.spec.replicas.unwrap_or(1)
    });
    let jobs = live.jobs.iter().filter(|(name, job)| {
        let pods = job.status.as_ref().and_then(|status| status.active);
        job_state(&live.jobs, name) == JobState::Active && pods.unwrap_or(0) == 0
    });
    let volumes = live.volumes.values().filter(|volume| {
        let status = volume.status.as_ref();
        status.and_then(|status| status.phase.as_deref()) == Some("Pending")
    });
    let sets = sets.map(|set| ("StatefulSet", &set.metadata));
    let jobs = jobs.map(|(_, job)| ("Job", &job.metadata));
    let volumes = volumes.map(|volume| ("PersistentVolumeClaim", &volume.metadata));
    let pods = pods.iter().filter(|pod| is_creating_containers(pod));
    let pods = pods.map(|pod| ("Pod", &pod.metadata));
    sets.chain(jobs).chain(volumes).chain(pods).collect()
}

/// The message of the newest Event, if it is a warning: a later success supersedes an earlier failure.
pub fn last_warning(events: &[Event]) -> Option<&str> {
    let newest = events.iter().max_by_key(|event| {
        let series = event.series.as_ref();
        let times = [
            series.and_then(|series| series.last_observed_time.as_ref().map(|time| time.0)),
            event.last_timestamp.as_ref().map(|time| time.0),
            event.event_time.as_ref().map(|time| time.0),
            event.first_timestamp.as_ref().map(|time| time.0),
        ];
        times.into_iter().flatten().max()
    })?;
    // A claim without a matching volume or class is reported by an Event of type Normal.
    let is_warning = newest.type_.as_deref() == Some("Warning")
        || newest.reason.as_deref() == Some("FailedBinding");
    is_warning.then_some(newest.message.as_deref()?)
}
