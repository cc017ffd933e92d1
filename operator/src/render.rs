//! Every object that a stack would get, without a cluster: for review, for dry runs, and for the snapshots.
//! Pure. Secrets are placeholders, and every gate is open.

use crate::{
    build::{Desired, Jobs, build},
    component::{Application, POSTGRES},
    credentials::{complete, secrets},
    database::rbac::PostgresRole,
    fetched::Fetched,
    kube::{live::Live, warnings::Warnings},
    randomness::{Placeholders, RandomnessError},
    release::gate::decide,
    validate::{ValidateError, validate},
};
use ecommercestack_crds::{ComponentStatus, ComponentStatuses, EcommerceStack};
use k8s_openapi::api::{
    apps::v1::{StatefulSet, StatefulSetStatus},
    batch::v1::{Job, JobCondition, JobStatus},
};
use kube::ResourceExt as _;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("document {document} is not an EcommerceStack")]
    Parse {
        document: usize,
        source: serde_yaml::Error,
    },
    #[error(transparent)]
    Validate(#[from] ValidateError),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error("an object cannot be serialized")]
    Serialize(#[from] serde_json::Error),
}

/// Placeholders for values that only an API server assigns.
const UID: &str = "00000000-0000-0000-0000-000000000000";
const SYSTEM_IDENTIFIER: &str = "0000000000000000000";

/// The stacks of a file.
pub fn parse(yaml: &str, namespace: &str) -> Result<Vec<EcommerceStack>, RenderError> {
    let mut stacks = Vec::new();
    for (index, document) in serde_yaml::Deserializer::from_str(yaml).enumerate() {
        let mut stack =
            EcommerceStack::deserialize(document).map_err(|source| RenderError::Parse {
                document: index + 1,
                source,
            })?;
        stack
            .metadata
            .namespace
            .get_or_insert_with(|| namespace.to_owned());
        stack.metadata.uid.get_or_insert_with(|| UID.to_owned());
        stacks.push(stack);
    }
    Ok(stacks)
}

/// Every object that a stack would get, Secrets first.
pub fn render(stack: &EcommerceStack, role: &PostgresRole) -> Result<Vec<Value>, RenderError> {
    let valid = validate(stack)?;
    let mut fetched = unfetched(stack.clone());
    let credentials = complete(&valid, &fetched.secrets, false, &mut Placeholders)?;
    // Names of Jobs are known once the database exists; their success opens the gates.
    let gates = decide(&valid, &fetched, &credentials);
    let gates = gates.gates().unwrap_or_default().into_iter();
    let jobs: Vec<Job> = gates.map(|gate| gate.job.clone()).collect();
    let done = jobs.iter().map(|job| (job.name_any(), succeeded(job)));
    fetched.live.jobs = done.collect();
    fetched.live.stateful_sets = BTreeMap::from([(valid.object(POSTGRES), ready())]);
    fetched.stack.status.get_or_insert_default().components = Some(ComponentStatuses {
        postgres: Some(ComponentStatus {
            image: Some(valid.database.image.clone()),
            ..Default::default()
        }),
        ..Default::default()
    });
    let releases = decide(&valid, &fetched, &credentials);
    debug_assert!(
        Application::ALL
            .iter()
            .all(|application| releases.of(*application).image.is_some())
    );

    let Desired {
        orphaned_states: _,
        volumes,
        credentials,
        metadata_changes: _,
        unusable: _,
        service_accounts,
        roles,
        role_bindings,
        services,
        network_policies,
        stateful_sets,
        restarts: _,
        jobs: Jobs {
            create: _,
            prune: _,
        },
        deployments,
        budgets,
        autoscalers,
        ingresses,
    } = build(&valid, &fetched, &credentials, &releases, role);
    let secrets = credentials
        .iter()
        .map(|write| secrets::secret(&valid, write));
    let deployments = deployments.into_iter().map(|planned| planned.deployment);
    let objects = [
        values(volumes)?,
        values(secrets)?,
        values(service_accounts)?,
        values(roles)?,
        values(role_bindings)?,
        values(services)?,
        values(network_policies)?,
        values(stateful_sets)?,
        values(jobs)?,
        values(deployments)?,
        values(budgets)?,
        values(autoscalers)?,
        values(ingresses)?,
    ];
    Ok(objects.concat())
}

fn values<K: Serialize>(
    objects: impl IntoIterator<Item = K>,
) -> Result<Vec<Value>, serde_json::Error> {
    objects.into_iter().map(serde_json::to_value).collect()
}

/// A cluster that holds nothing but the stack.
fn unfetched(stack: EcommerceStack) -> Fetched {
    Fetched {
        stack,
        namespace_terminating: false,
        secrets: BTreeMap::new(),
        system_identifier: Some(SYSTEM_IDENTIFIER.to_owned()),
        live: Live::default(),
        pods: Vec::new(),
        warnings: Warnings::default(),
        ingress_classes: None,
    }
}

fn succeeded(job: &Job) -> Job {
    let complete = JobCondition {
        type_: "Complete".to_owned(),
        status: "True".to_owned(),
        ..Default::default()
    };
    Job {
        status: Some(JobStatus {
            conditions: Some(vec![complete]),
            ..Default::default()
        }),
        ..job.clone()
    }
}

fn ready() -> StatefulSet {
    let status = StatefulSetStatus {
        ready_replicas: Some(1),
        updated_replicas: Some(1),
        replicas: 1,
        ..Default::default()
    };
    StatefulSet {
        status: Some(status),
        ..Default::default()
    }
}
