//! The decisions of a pass from the objects that it found: releases, credentials, owners, status. Without a cluster.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

// In a folder, since a file beside this one would be a test program of its own.
#[path = "decisions/adoption.rs"]
mod adoption;
#[path = "decisions/releases.rs"]
mod releases;
#[path = "decisions/retention.rs"]
mod retention;
#[path = "decisions/secrets.rs"]
mod secrets;
#[path = "decisions/status.rs"]
mod status;

use ecommercestack_crds::{
    ComponentStatus, ComponentStatuses, ConditionType, EcommerceStackStatus,
};
use ecommercestack_operator::{
    apply::Applied,
    build::{Desired, build},
    component::Application,
    credentials::{Credentials, complete},
    database::rbac::PostgresRole,
    fetched::Fetched,
    kube::{labels::labels, live::Live, warnings::Warnings},
    network::routing::Routing,
    randomness::Placeholders,
    release::gate::{Releases, decide},
    render::parse,
    status::{Report, audits::Audits, condition, status},
    validate::{ValidStack, validate},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::{StatefulSet, StatefulSetStatus},
        batch::v1::{Job, JobCondition, JobStatus},
        core::v1::{
            ContainerState, ContainerStateWaiting, ContainerStatus, PersistentVolumeClaim, Pod,
            PodStatus,
        },
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::ResourceExt as _;
use std::collections::BTreeMap;

/// A shop whose database is up and bootstrapped; `extra` is appended to the spec.
struct World {
    fetched: Fetched,
    audits: Audits,
}

impl World {
    fn new(extra: &str) -> Self {
        let yaml = format!(
            "{{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {{name: shop, generation: 3}}, spec: {{version: 'new', database: {{managed: {{storage: {{size: 1Gi}}}}}}{extra}}}}}"
        );
        let stack = parse(&yaml, "shops").unwrap().remove(0);
        let database = StatefulSet {
            status: Some(StatefulSetStatus {
                ready_replicas: Some(1),
                updated_replicas: Some(1),
                ..Default::default()
            }),
            ..Default::default()
        };
        let live = Live {
            stateful_sets: BTreeMap::from([("shop-postgres".into(), database)]),
            ..Default::default()
        };
        let fetched = Fetched {
            stack,
            namespace_terminating: false,
            secrets: BTreeMap::new(),
            system_identifier: Some("1".into()),
            live,
            pods: Vec::new(),
            warnings: Warnings::default(),
            ingress_classes: None,
        };
        let mut world = Self {
            fetched,
            audits: Audits::not_read("not requested"),
        };
        world.promote("postgres", "docker.io/ecommercestack/postgres:new");
        let job = world.releases().postgres.bootstrap.unwrap().job;
        world.finish(&job, "Complete");
        world
    }

    fn stack(&self) -> ValidStack {
        validate(&self.fetched.stack).unwrap()
    }

    fn credentials(&self) -> Credentials {
        complete(
            &self.stack(),
            &self.fetched.secrets,
            false,
            &mut Placeholders,
        )
        .unwrap()
    }

    fn releases(&self) -> Releases {
        decide(&self.stack(), &self.fetched, &self.credentials())
    }

    fn desired(&self) -> Desired {
        build(
            &self.stack(),
            &self.fetched,
            &self.credentials(),
            &self.releases(),
            &role(),
        )
    }

    fn image(&self, application: Application) -> Option<String> {
        self.releases().of(application).image.clone()
    }

    fn promote(&mut self, component: &str, image: &str) {
        let status = self.fetched.stack.status.get_or_insert_default();
        let components = status
            .components
            .get_or_insert_with(ComponentStatuses::default);
        let new = Some(ComponentStatus {
            image: Some(image.into()),
            ..Default::default()
        });
        match component {
            "postgres" => components.postgres = new,
            "auth" => components.auth = new,
            "product" => components.product = new,
            _ => components.order = new,
        }
    }

    fn finish(&mut self, job: &Job, type_: &str) {
        let mut job = job.clone();
        let condition = JobCondition {
            type_: type_.into(),
            status: "True".into(),
            ..Default::default()
        };
        job.status = Some(JobStatus {
            conditions: Some(vec![condition]),
            ..Default::default()
        });
        self.fetched.live.jobs.insert(job.name_any(), job);
    }

    fn migrate(&mut self, application: Application, type_: &str) -> String {
        let job = self
            .releases()
            .of(application)
            .migration
            .clone()
            .unwrap()
            .job;
        self.finish(&job, type_);
        job.name_any()
    }

    fn pod_of(&mut self, job: &str, state: ContainerState) {
        let container = ContainerStatus {
            state: Some(state),
            image: "the-image".into(),
            ..Default::default()
        };
        self.fetched.pods.push(Pod {
            metadata: ObjectMeta {
                labels: Some(
                    [("batch.kubernetes.io/job-name".to_owned(), job.to_owned())]
                        .into_iter()
                        .collect(),
                ),
                ..Default::default()
            },
            status: Some(PodStatus {
                container_statuses: Some(vec![container]),
                ..Default::default()
            }),
            ..Default::default()
        });
    }

    fn status(&self, applied: Applied) -> EcommerceStackStatus {
        self.later(None, applied, Timestamp::UNIX_EPOCH)
    }

    /// The status after this one.
    fn later(
        &self,
        before: Option<&EcommerceStackStatus>,
        applied: Applied,
        now: Timestamp,
    ) -> EcommerceStackStatus {
        let report = Report {
            stack: self.stack(),
            fetched: self.fetched.clone(),
            releases: self.releases(),
            applied,
            routing: Routing::NoIngress,
            audits: self.audits.clone(),
        };
        status(before, Some(3), now, &Ok(report))
    }

    /// Reason and message of a condition.
    fn message(&self, type_: ConditionType) -> (String, String) {
        self.message_after(Applied::default(), type_)
    }

    fn message_after(&self, applied: Applied, type_: ConditionType) -> (String, String) {
        let status = self.status(applied);
        let condition = condition(&status.conditions, type_).unwrap();
        (condition.reason.clone(), condition.message.clone())
    }

    fn with_volume(&mut self, volume: PersistentVolumeClaim) {
        let volumes = &mut self.fetched.live.volumes;
        volumes.insert("data-shop-postgres-0".into(), volume);
    }
}

fn role() -> PostgresRole {
    PostgresRole {
        name: "role".into(),
        kind: "Role",
    }
}

fn volume(uid: &str) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some("data-shop-postgres-0".into()),
            uid: Some(uid.into()),
            labels: Some(labels("shop", "postgres")),
            ..Default::default()
        },
        ..Default::default()
    }
}

fn waiting(reason: &str, message: &str) -> ContainerState {
    let waiting = ContainerStateWaiting {
        reason: Some(reason.into()),
        message: Some(message.into()),
    };
    ContainerState {
        waiting: Some(waiting),
        ..Default::default()
    }
}
