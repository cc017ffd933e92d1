//! The database: PostgreSQL under Patroni, one instance. The operator deletes its pods itself (OPERATOR 14); volumes
//! always outlive the `StatefulSet`, and are deleted with the stack only (OPERATOR 12).

use crate::{
    component::POSTGRES,
    components::environment::{field_variable, variable},
    credentials::{Credential, Credentials},
    database::{
        passwords::{password_files, with_passwords},
        sizes::{max_wal_size, shared_buffers},
    },
    kube::{
        labels::{PATRONI_SCOPE, labels, metadata, pod_selector},
        pods::{
            Defaults, POSTGRES_USER, container, mount, pod_spec, pod_template, port, probe,
            resources, scratch_volume,
        },
    },
    validate::ValidStack,
};
use k8s_openapi::{
    api::{
        apps::v1::{
            StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy, StatefulSetSpec,
            StatefulSetUpdateStrategy,
        },
        core::v1::{
            Container, EnvVar, PersistentVolumeClaim, PersistentVolumeClaimSpec, PodSpec,
            ResourceRequirements, VolumeResourceRequirements,
        },
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};

/// The connection limit for all services together; 15 connections are reserved for Patroni, Jobs and people
/// (OPERATOR 15).
pub const MAX_CONNECTIONS: i32 = 200;
pub const RESERVED_CONNECTIONS: i32 = 15;

/// Pods of the database.
pub const INSTANCES: i32 = 1;

/// The name of the volume, and the beginning of its claims' names.
pub const VOLUME: &str = "data";

/// The resource that a claim requests.
pub const STORAGE: &str = "storage";

const DEFAULTS: Defaults = Defaults {
    cpu_request: "50m",
    memory_request: "256Mi",
    cpu_limit: None,
    memory_limit: "1Gi",
};

/// The `StatefulSet`, running a released image on a volume of at least a size.
pub fn stateful_set(
    stack: &ValidStack,
    image: &str,
    volume_size: &str,
    credentials: &Credentials,
) -> StatefulSet {
    let name = stack.object(POSTGRES);
    let keys = [
        ("superuser-password", "SUPERUSER_PASSWORD"),
        ("replication-password", "REPLICATION_PASSWORD"),
        ("rewind-password", "REWIND_PASSWORD"),
    ]
    .map(|(key, variable)| (key, variable.to_owned()));
    let (passwords, passwords_mount) =
        password_files(stack, [(Credential::Postgres, keys.to_vec())]);
    let (temporary, temporary_mount) = scratch_volume("tmp", "/tmp");
    let (sockets, sockets_mount) = scratch_volume("run", "/run/postgresql");
    let resources = resources(DEFAULTS, &stack.database.resources);
    let container = Container {
        args: Some(with_passwords("patroni")),
        env: Some(environment(stack, volume_size, &resources)),
        liveness_probe: Some(probe("/liveness", "patroni", 10, 6)),
        ports: Some(vec![port("postgres", 5432), port("patroni", 8008)]),
        readiness_probe: Some(probe("/health", "patroni", 5, 3)),
        resources: Some(resources),
        startup_probe: Some(probe("/liveness", "patroni", 2, 150)),
        volume_mounts: Some(vec![
            mount(VOLUME, "/var/lib/postgresql", false),
            passwords_mount,
            temporary_mount,
            sockets_mount,
        ]),
        ..container(stack, POSTGRES, image)
    };
    let hash = credentials.fingerprint(&[Credential::Postgres]);
    let volumes = vec![passwords, temporary, sockets];
    let spec = PodSpec {
        // Patroni is the one process of a shop that talks to the API server. // OPERATOR 17
        automount_service_account_token: Some(true),
        service_account_name: Some(name.clone()),
        termination_grace_period_seconds: Some(60),
        ..pod_spec(stack, POSTGRES_USER, container, volumes)
    };
    let mut template = pod_template(stack, POSTGRES, Some(&hash), spec);
    let pod = template.metadata.get_or_insert_default();
    let labels = pod.labels.get_or_insert_default();
    labels.insert(PATRONI_SCOPE.to_owned(), name.clone());
    StatefulSet {
        metadata: metadata(stack, name, POSTGRES),
        spec: StatefulSetSpec {
            persistent_volume_claim_retention_policy: Some(
                StatefulSetPersistentVolumeClaimRetentionPolicy {
                    when_deleted: Some("Retain".to_owned()),
                    when_scaled: Some("Retain".to_owned()),
                },
            ),
            pod_management_policy: Some("Parallel".to_owned()),
            replicas: Some(INSTANCES),
            revision_history_limit: Some(2),
            selector: pod_selector(&stack.name, POSTGRES),
            service_name: Some(stack.object("postgres-pods")),
            template,
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("OnDelete".to_owned()),
                rolling_update: None,
            }),
            volume_claim_templates: Some(vec![claim(stack)]),
            ..Default::default()
        },
        status: None,
    }
}

fn environment(
    stack: &ValidStack,
    volume_size: &str,
    resources: &ResourceRequirements,
) -> Vec<EnvVar> {
    vec![
        variable("SCOPE", stack.object(POSTGRES)),
        field_variable("NAMESPACE", "metadata.namespace"),
        field_variable("POD_NAME", "metadata.name"),
        field_variable("POD_IP", "status.podIP"),
        variable("MAX_CONNECTIONS", MAX_CONNECTIONS.to_string()),
        variable("SHARED_BUFFERS", shared_buffers(resources)),
        variable("MAX_WAL_SIZE", max_wal_size(volume_size)),
    ]
}

/// The volume of each pod. Immutable in the `StatefulSet`: a change here needs a migration path.
pub(super) fn claim(stack: &ValidStack) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(VOLUME.to_owned()),
            labels: Some(labels(&stack.name, POSTGRES)),
            ..Default::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some(
                    [(STORAGE.to_owned(), Quantity(stack.database.size.clone()))].into(),
                ),
                ..Default::default()
            }),
            storage_class_name: stack.database.storage_class.clone(),
            ..Default::default()
        }),
        status: None,
    }
}
