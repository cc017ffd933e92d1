//! Objects of the stack that it does not want any more. Never Secrets, volumes or the database.
//!
//! What is wanted is built from the spec, and from who holds its host, and known as a whole in every pass, also where an object cannot be written
//! or waits for a Secret. What takes the place of an object is of the same kind: of a kind with a problem nothing is pruned,
//! so that the old one serves until the new one is there. A problem elsewhere keeps nothing alive. // OPERATOR 3

use super::{ApplyError, write::Writer};
use crate::kube::live::Live;
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

/// The names of the objects that the stack wants.
pub(super) struct Wanted {
    pub(super) service_accounts: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) role_bindings: Vec<String>,
    pub(super) services: Vec<String>,
    pub(super) network_policies: Vec<String>,
    pub(super) deployments: Vec<String>,
    pub(super) budgets: Vec<String>,
    pub(super) autoscalers: Vec<String>,
    pub(super) ingresses: Vec<String>,
}

pub(super) async fn prune_all(
    writer: &mut Writer<'_>,
    live: &Live,
    own_autoscalers: &BTreeMap<String, ObjectMeta>,
    wanted: &Wanted,
    jobs: &[String],
) -> Result<(), ApplyError> {
    let Wanted {
        service_accounts,
        roles,
        role_bindings,
        services,
        network_policies,
        deployments,
        budgets,
        autoscalers,
        ingresses,
    } = wanted;
    // Rights come from all three together.
    if !["ServiceAccount", "Role", "RoleBinding"]
        .iter()
        .any(|kind| writer.has_problem(kind))
    {
        writer
            .prune::<ServiceAccount>(&live.service_accounts, service_accounts)
            .await?;
        writer
            .prune::<RoleBinding>(&live.role_bindings, role_bindings)
            .await?;
        writer.prune::<Role>(&live.roles, roles).await?;
    }
    writer.prune::<Service>(&live.services, services).await?;
    writer
        .prune::<NetworkPolicy>(&live.network_policies, network_policies)
        .await?;
    writer
        .prune::<PodDisruptionBudget>(&live.budgets, budgets)
        .await?;
    writer
        .prune::<HorizontalPodAutoscaler>(own_autoscalers, autoscalers)
        .await?;
    writer.prune::<Ingress>(&live.ingresses, ingresses).await?;
    let live_deployments = live
        .deployments
        .iter()
        .map(|(name, deployment)| (name.clone(), deployment.metadata.clone()))
        .collect();
    writer
        .prune::<Deployment>(&live_deployments, deployments)
        .await?;
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
