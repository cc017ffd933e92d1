//! Who decides how many pods a workload has: the spec, or an autoscaler of any origin. The two would undo each other's
//! changes permanently (OPERATOR 4). Pure.

use crate::{
    component::Workload,
    kube::{labels::is_labeled, live::Live, rollout_state::wanted},
    validate::ValidStack,
};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;

/// How many pods to request; `None` if an autoscaler decides.
pub fn replicas(stack: &ValidStack, live: &Live, workload: Workload) -> Option<i32> {
    let settings = stack.settings(workload);
    if let Some(scaling) = &settings.autoscaling {
        // An autoscaler does not scale a workload without pods.
        let current = live.deployments.get(&stack.object(workload.into_str()));
        let is_off = current.is_some_and(|current| wanted(current) == 0);
        return is_off.then_some(scaling.min());
    }
    foreign(stack, live, workload)
        .is_none()
        .then_some(settings.replicas)
}

/// The maximum number of pods of a workload.
pub fn most(stack: &ValidStack, live: &Live, workload: Workload) -> i32 {
    let settings = stack.settings(workload);
    match foreign(stack, live, workload) {
        Some(autoscaler) if settings.autoscaling.is_none() => autoscaler.spec.max_replicas,
        Some(_) | None => settings.most(),
    }
}

/// Whether anything but the spec's `replicas` decides.
pub fn is_autoscaled(stack: &ValidStack, live: &Live, workload: Workload) -> bool {
    stack.settings(workload).autoscaling.is_some() || foreign(stack, live, workload).is_some()
}

/// An autoscaler of another owner that targets the workload. One of ours that the spec does not ask for any more is
/// about to be pruned.
fn foreign<'a>(
    stack: &ValidStack,
    live: &'a Live,
    workload: Workload,
) -> Option<&'a HorizontalPodAutoscaler> {
    let deployment = stack.object(workload.into_str());
    live.autoscalers.values().find(|autoscaler| {
        let target = &autoscaler.spec.scale_target_ref;
        target.kind == "Deployment"
            && target.name == deployment
            && !is_labeled(&stack.name, &autoscaler.metadata)
    })
}
