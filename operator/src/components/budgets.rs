//! `PodDisruptionBudgets` of workloads with two pods or more; with one pod, a budget would block every drain.

use crate::{
    component::Workload,
    kube::labels::{metadata, pod_selector},
    validate::ValidStack,
};
use k8s_openapi::{
    api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

pub fn budgets(stack: &ValidStack) -> Vec<PodDisruptionBudget> {
    Workload::ALL
        .iter()
        .filter(|workload| stack.settings(**workload).least() >= 2)
        .map(Workload::into_str)
        .map(|component| PodDisruptionBudget {
            metadata: metadata(stack, stack.object(component), component),
            spec: Some(PodDisruptionBudgetSpec {
                max_unavailable: Some(IntOrString::Int(1)),
                selector: Some(pod_selector(&stack.name, component)),
                unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
                ..Default::default()
            }),
            status: None,
        })
        .collect()
}
