//! Why a pod does not run, in words for the person who has to fix it. Pure. A Job or a Deployment does not say why its
//! pods do not start: an image that cannot be pulled, for one, leaves a Job active permanently.

use crate::kube::labels::pod_labels;
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};
use kube::ResourceExt as _;

/// Messages are cut to this many characters.
const LONGEST: usize = 300;

/// Why a pod does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodFailure {
    /// Its image cannot be pulled, or the reference cannot be read.
    Image(String),
    /// It was started and ended with an error.
    Crash(String),
    /// It was not started: no node takes it, or a Secret is missing.
    Start(String),
}

impl PodFailure {
    pub fn message(&self) -> &str {
        match self {
            Self::Image(message) | Self::Crash(message) | Self::Start(message) => message,
        }
    }
}

/// The pods of a component.
pub fn pods_of<'a>(
    pods: &'a [Pod],
    stack: &str,
    component: &str,
) -> impl Iterator<Item = &'a Pod> + Clone {
    let labels = pod_labels(stack, component);
    pods.iter().filter(move |pod| {
        labels
            .iter()
            .all(|(key, value)| pod.labels().get(key) == Some(value))
    })
}

/// The pods of a Job.
pub fn pods_of_job<'a>(pods: &'a [Pod], job: &'a str) -> impl Iterator<Item = &'a Pod> + Clone {
    pods.iter().filter(move |pod| {
        let name = pod.labels().get("batch.kubernetes.io/job-name");
        name.is_some_and(|name| name == job)
    })
}

/// The failure of the newest pod that has one.
pub fn of_pods<'a>(pods: impl Iterator<Item = &'a Pod>) -> Option<PodFailure> {
    let mut pods: Vec<&Pod> = pods.collect();
    pods.sort_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0));
    pods.into_iter().rev().find_map(of_pod)
}

fn of_pod(pod: &Pod) -> Option<PodFailure> {
    let status = pod.status.as_ref()?;
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let unscheduled = || {
        let mut conditions = status.conditions.iter().flatten();
        let condition =
            conditions.find(|one| one.type_ == "PodScheduled" && one.status == "False")?;
        let message = condition.message.as_deref();
        let message = message.unwrap_or("the pod cannot be scheduled");
        Some(PodFailure::Start(sentence(message)))
    };
    let mut containers = status.container_statuses.iter().flatten();
    containers.find_map(of_container).or_else(unscheduled)
}

fn of_container(container: &ContainerStatus) -> Option<PodFailure> {
    let state = container.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        let message = waiting.message.as_deref().unwrap_or_default();
        let said = sentence(&format!("{reason}: {message}"));
        let of_image =
            |why: &str| PodFailure::Image(sentence(&format!("{} ({why})", container.image)));
        return match reason {
            // The kubelet's message changes with every attempt; its end names the cause.
            "ImagePullBackOff" | "ErrImagePull" => message.rsplit(": ").next().map(of_image),
            "ErrImageNeverPull"
            | "InvalidImageName"
            | "ImageInspectError"
            | "RegistryUnavailable" => Some(of_image(&said)),
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                Some(PodFailure::Start(said))
            }
            "CrashLoopBackOff" => {
                Some(crash(container.last_state.as_ref()).unwrap_or(PodFailure::Crash(said)))
            }
            _ => None,
        };
    }
    crash(Some(state))
}

/// The termination message of a container that ended with an error.
fn crash(state: Option<&ContainerState>) -> Option<PodFailure> {
    let end = state?.terminated.as_ref()?;
    let code = end.exit_code;
    let message = end.message.as_deref().unwrap_or_default().trim();
    let reason = end.reason.as_deref().unwrap_or("Error");
    (code != 0).then(|| {
        PodFailure::Crash(match message {
            "" => format!("exit {code}: {reason}"),
            message => sentence(&format!("exit {code}: {message}")),
        })
    })
}

/// Whether the kubelet is still creating its containers. What delays it, such as a volume that cannot be mounted, is
/// reported by Events only.
pub fn is_creating_containers(pod: &Pod) -> bool {
    let is_creating = |container: &ContainerStatus| {
        let state = container.state.as_ref();
        let waiting = state.and_then(|state| state.waiting.as_ref());
        waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some("ContainerCreating"))
    };
    let status = pod.status.as_ref();
    let containers = status.and_then(|status| status.container_statuses.as_ref());
    let is_terminating = pod.metadata.deletion_timestamp.is_some();
    !is_terminating && containers.into_iter().flatten().any(is_creating)
}

/// The termination message of a Job's pod that succeeded.
pub fn termination_message(pods: &[Pod], job: &str) -> Option<String> {
    pods_of_job(pods, job)
        .filter_map(|pod| pod.status.as_ref()?.container_statuses.as_ref()?.first())
        .filter_map(|container| container.state.as_ref()?.terminated.as_ref())
        .filter(|end| end.exit_code == 0)
        .find_map(|end| end.message.clone())
}

/// One line, without control characters, and not too long.
pub fn sentence(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words
        .join(" ")
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain(['…']).collect()
}
