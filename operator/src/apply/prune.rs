//! Deletes objects that the stack does not want any more; never Secrets, volumes or the database.
//!
//! The wanted objects are known completely in every pass, even if one cannot be written or waits for a Secret. An
//! object is replaced by one of the same kind: nothing is pruned of a kind with a problem, so that the old object
//! serves until the new one exists. Problems of other kinds do not prevent pruning. // OPERATOR 3

use super::{ApplyError, write::Writer};
use crate::{component::Workload, kube::live::Live};
use k8s_openapi::api::{
    apps::v1::Deployment,
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::Job,
    core::v1::{Service, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

pub(super) async fn prune_all(
    writer: &mut Writer<'_>,
    live: &Live,
    own_autoscalers: &BTreeMap<String, ObjectMeta>,
    jobs: &[String],
) -> Result<(), ApplyError> {
    // Permissions result from all three kinds together.
    if !["ServiceAccount", "Role", "RoleBinding"]
        .iter()
        .any(|kind| writer.has_problem(kind))
    {
        writer
            .prune::<ServiceAccount>(&live.service_accounts)
            .await?;
        writer.prune::<RoleBinding>(&live.role_bindings).await?;
        writer.prune::<Role>(&live.roles).await?;
    }
    writer.prune::<Service>(&live.services).await?;
    writer
        .prune::<NetworkPolicy>(&live.network_policies)
        .await?;
    writer.prune::<PodDisruptionBudget>(&live.budgets).await?;
    writer
        .prune::<HorizontalPodAutoscaler>(own_autoscalers)
        .await?;
    writer.prune::<Ingress>(&live.ingresses).await?;
    // All of them are wanted, whether or not this pass could build them.
    let names = Workload::ALL.map(|workload| writer.stack.object(workload.into_str()));
    writer.want::<Deployment>(names);
    let deployments = live.deployments.iter();
    let deployments = deployments.map(|(name, found)| (name.clone(), found.metadata.clone()));
    writer.prune::<Deployment>(&deployments.collect()).await?;
    if writer.has_problem("Job") {
        return Ok(());
    }
    for name in jobs {
        if let Some(job) = live.jobs.get(name) {
            writer.delete::<Job>(name, &job.metadata).await?;
        }
    }
    Ok(())
}
