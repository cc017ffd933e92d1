//! Everything that a stack wants, from the validated spec and its releases. Pure and infallible: each child is a function
//! of the validated stack and its releases, one file a kind. Pod templates carry no operator version and are frozen by
//! snapshots: an upgrade of the operator restarts no shop (OPERATOR 6).

use crate::{
    component::Workload,
    components::{
        autoscalers, budgets,
        deployments::{self, needed_credentials},
    },
    credentials::{Credential, CredentialWrite, Credentials, Unusable},
    database::{
        adoption,
        rbac::{self, PostgresRole},
        restart::{self, Restart},
        retention::{self, MetadataChange},
        stateful_set, volumes,
    },
    fetched::Fetched,
    kube::job_state::{JobState, job_state},
    network::{ingress, policies, services},
    release::{
        gate::Releases,
        rollout::{Turn, turns},
        scaling,
    },
    validate::ValidStack,
};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::Job,
    core::v1::{PersistentVolumeClaim, Service, ServiceAccount},
    networking::v1::{Ingress, NetworkPolicy},
    policy::v1::PodDisruptionBudget,
    rbac::v1::{Role, RoleBinding},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt as _;
use std::collections::BTreeMap;

/// Everything that a stack wants. `apply` takes it apart without `..`, so that a kind that is not applied does not compile.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Metadata of `ConfigMaps` to delete before the database starts.
    pub orphaned_states: Vec<ObjectMeta>,
    pub volumes: Vec<PersistentVolumeClaim>,
    pub credentials: Vec<CredentialWrite>,
    pub metadata_changes: Vec<MetadataChange>,
    /// Secrets that cannot be used; objects that need them are left unchanged.
    pub unusable: BTreeMap<Credential, Unusable>,
    pub service_accounts: Vec<ServiceAccount>,
    pub roles: Vec<Role>,
    pub role_bindings: Vec<RoleBinding>,
    pub services: Vec<Service>,
    pub network_policies: Vec<NetworkPolicy>,
    pub stateful_sets: Vec<StatefulSet>,
    pub restarts: Vec<Restart>,
    pub jobs: Jobs,
    pub deployments: Vec<PlannedDeployment>,
    pub budgets: Vec<PodDisruptionBudget>,
    pub autoscalers: Vec<HorizontalPodAutoscaler>,
    pub ingresses: Vec<Ingress>,
}

/// Jobs to create, and names of Jobs that are no longer needed.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    pub create: Vec<Job>,
    pub prune: Vec<String>,
}

/// A Deployment and its number of pods, which is written separately. // OPERATOR 4
#[derive(Clone, Debug)]
pub struct PlannedDeployment {
    pub workload: Workload,
    pub deployment: Deployment,
    /// `None` if an autoscaler decides, or the Deployment is left unchanged.
    pub replicas: Option<i32>,
    pub turn: Turn,
}

/// Builds everything that a stack wants.
pub fn build(
    stack: &ValidStack,
    fetched: &Fetched,
    credentials: &Credentials,
    releases: &Releases,
    role: &PostgresRole,
) -> Desired {
    let image = &releases.postgres.image;
    let size = adoption::usable_size(stack, fetched);
    let has_passwords = !credentials.unusable.contains_key(&Credential::Postgres);
    Desired {
        orphaned_states: retention::orphaned_states(&fetched.live),
        volumes: vec![volumes::volume(stack)],
        credentials: credentials.writes.clone(),
        metadata_changes: retention::metadata_changes(stack, fetched),
        unusable: credentials.unusable.clone(),
        service_accounts: vec![rbac::service_account(stack)],
        roles: vec![rbac::role(stack)],
        role_bindings: rbac::role_bindings(stack, role),
        services: services::services(stack),
        network_policies: policies::network_policies(stack),
        // A pod that restarts now would get passwords that are not the stack's.
        restarts: if has_passwords {
            restart::restarts(stack, fetched)
        } else {
            Vec::new()
        },
        stateful_sets: has_passwords
            .then(|| stateful_set::stateful_set(stack, image, size, credentials))
            .into_iter()
            .collect(),
        jobs: jobs(fetched, releases),
        deployments: planned_deployments(stack, fetched, credentials, releases),
        budgets: budgets::budgets(stack),
        autoscalers: autoscalers::autoscalers(stack),
        ingresses: ingress::ingresses(stack),
    }
}

/// Jobs of old images are pruned; a running one is left to its deadline.
fn jobs(fetched: &Fetched, releases: &Releases) -> Jobs {
    let Some(gates) = releases.gates() else {
        return Jobs::default();
    };
    let live = &fetched.live.jobs;
    let wanted: Vec<String> = gates.iter().map(|gate| gate.job.name_any()).collect();
    let create = gates
        .iter()
        .filter(|gate| gate.may_start && !live.contains_key(&gate.job.name_any()))
        .map(|gate| gate.job.clone())
        .collect();
    let is_unused = |name: &&String| !wanted.contains(name) && !is_at_work(live, name);
    let prune = live.keys().filter(is_unused).cloned().collect();
    Jobs { create, prune }
}

fn is_at_work(live: &BTreeMap<String, Job>, name: &str) -> bool {
    let pods = live.get(name).and_then(|job| job.status.as_ref()?.ready);
    job_state(live, name) == JobState::Active && pods != Some(0)
}

fn planned_deployments(
    stack: &ValidStack,
    fetched: &Fetched,
    credentials: &Credentials,
    releases: &Releases,
) -> Vec<PlannedDeployment> {
    let deployable = Workload::ALL.into_iter().filter_map(|workload| {
        let image = releases.of(workload.application()).image.as_deref()?;
        let deployment = deployments::deployment(stack, workload, image, credentials);
        Some((workload, deployment))
    });
    let has_administrator = fetched.has_administrator();
    let missing =
        |workload| credentials.first_unusable(&needed_credentials(workload, has_administrator));
    let (held, free): (Vec<_>, Vec<_>) =
        deployable.partition(|(workload, _)| missing(*workload).is_some());
    // Deployments that wait for a Secret take no turn: it is unknown when they continue.
    let rolling = free.iter().map(|(workload, new)| (*workload, new));
    let turns = turns(rolling, &fetched.live.deployments);
    let held = held.into_iter().filter_map(|(workload, deployment)| {
        Some(PlannedDeployment {
            workload,
            deployment,
            replicas: None,
            turn: Turn::Without(missing(workload)?),
        })
    });
    free.into_iter()
        .zip(turns)
        .map(|((workload, deployment), turn)| PlannedDeployment {
            workload,
            deployment,
            replicas: scaling::replicas(stack, &fetched.live, workload),
            turn,
        })
        .chain(held)
        .collect()
}
