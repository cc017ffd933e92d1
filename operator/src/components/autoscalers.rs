//! `HorizontalPodAutoscalers` of workloads whose number of pods follows their use of CPU.

use crate::{component::Workload, kube::labels::metadata, validate::ValidStack};
use ecommercestack_crds::Autoscaling;
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};

pub fn autoscalers(stack: &ValidStack) -> Vec<HorizontalPodAutoscaler> {
    let scaled =
        |workload: Workload| Some((workload, stack.settings(workload).autoscaling.as_ref()?));
    Workload::ALL
        .into_iter()
        .filter_map(scaled)
        .map(|(workload, scaling)| autoscaler(stack, workload, scaling))
        .collect()
}

fn autoscaler(
    stack: &ValidStack,
    workload: Workload,
    scaling: &Autoscaling,
) -> HorizontalPodAutoscaler {
    let name = stack.object(workload.into_str());
    HorizontalPodAutoscaler {
        metadata: metadata(stack, name.clone(), workload.into_str()),
        spec: HorizontalPodAutoscalerSpec {
            min_replicas: Some(scaling.min()),
            max_replicas: scaling.max,
            metrics: Some(vec![MetricSpec {
                type_: "Resource".to_owned(),
                resource: Some(ResourceMetricSource {
                    name: "cpu".to_owned(),
                    target: MetricTarget {
                        type_: "Utilization".to_owned(),
                        average_utilization: Some(scaling.target_cpu()),
                        ..Default::default()
                    },
                }),
                ..Default::default()
            }]),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name,
            },
            ..Default::default()
        },
        status: None,
    }
}
