//! Deletes objects that the stack does not want any more; never Secrets, volumes or the database.
//!
//! The wanted objects are known completely in every pass, even if one cannot be written or waits for a Secret. An
//! object is replaced by one of the same kind: nothing is pruned of a kind with a problem, so that the old object
//! serves until the new one exists. Problems of other kinds do not prevent pruning. // OPERATOR 3

use super::{ApplyError, write::Writer};
use crate::{component::Workload, kube::live::Live};
use k8s_openapi::api::{apps::v1::Deployment, autoscaling::v2::HorizontalPodAutoscaler};
use std::collections::BTreeMap;

pub(super) async fn prune_all(
    writer: &mut Writer<'_>,
    live: &Live,
    own_autoscalers: &BTreeMap<String, HorizontalPodAutoscaler>,
    jobs: &[String],
) -> Result<(), ApplyError> {
    // Permissions result from all three kinds together.
    let mut permissions = ["ServiceAccount", "Role", "RoleBinding"].iter();
    if !permissions.any(|kind| writer.has_problem(kind)) {
        writer.prune(&live.service_accounts).await?;
        writer.prune(&live.role_bindings).await?;
        writer.prune(&live.roles).await?;
    }
    writer.prune(&live.services).await?;
    writer.prune(&live.network_policies).await?;
    writer.prune(&live.budgets).await?;
    writer.prune(own_autoscalers).await?;
    writer.prune(&live.ingresses).await?;
    // All of them are wanted, whether or not this pass could build them.
    let names = Workload::ALL.map(|workload| writer.stack.object(workload.into_str()));
    writer.want::<Deployment>(names);
    writer.prune(&live.deployments).await?;
    if writer.has_problem("Job") {
        return Ok(());
    }
    for job in jobs.iter().filter_map(|name| live.jobs.get(name)) {
        writer.delete(job).await?;
    }
    Ok(())
}
