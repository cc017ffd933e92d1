//! Jobs: the database's bootstrap and each service's migration. A Job's name contains a hash of its image and inputs.
//! It is created and never patched, and has no TTL, since later passes read its result (OPERATOR 11).

use crate::{
    component::{Application, BOOTSTRAP, POSTGRES},
    components::environment::{database_file, secret_variable, variable},
    credentials::{Credential, Credentials},
    database::passwords::{password_files, with_passwords},
    fingerprint::fingerprint,
    kube::{
        labels::metadata,
        pods::{
            Defaults, POSTGRES_USER, SERVICE_USER, container, pod_spec, pod_template, resources,
            scratch_volume,
        },
    },
    validate::ValidStack,
};
use ecommercestack_crds::Resources;
use k8s_openapi::api::{
    batch::v1::{Job, JobSpec},
    core::v1::{Container, PodSpec},
};

const DEFAULTS: Defaults = Defaults {
    cpu_request: "10m",
    memory_request: "32Mi",
    cpu_limit: None,
    memory_limit: "256Mi",
};

/// The Secrets whose values the bootstrap sets in the database.
pub const BOOTSTRAP_CREDENTIALS: [Credential; 4] = [
    Credential::Postgres,
    Credential::Database(Application::Auth),
    Credential::Database(Application::Product),
    Credential::Database(Application::Order),
];

/// Sets roles, databases and passwords. Created again for a new image, new passwords and a new database cluster.
pub fn bootstrap(stack: &ValidStack, credentials: &Credentials, system_identifier: &str) -> Job {
    let image = &stack.database.image;
    let passwords = credentials.fingerprint(&BOOTSTRAP_CREDENTIALS);
    let hash = fingerprint([
        image.as_bytes(),
        passwords.as_bytes(),
        system_identifier.as_bytes(),
    ]);
    let databases = Application::ALL.map(<&str>::from).join(" ");
    let mut environment = vec![
        variable("PGHOST", stack.object(POSTGRES)),
        variable("DATABASES", databases),
    ];
    let mut passwords = vec![(
        Credential::Postgres,
        vec![("superuser-password", "SUPERUSER_PASSWORD".to_owned())],
    )];
    for application in Application::ALL {
        let prefix = application.into_str().to_uppercase();
        let credential = Credential::Database(application);
        let username = format!("{prefix}_USERNAME");
        let variable = secret_variable(stack, &username, credential, "username", None);
        environment.push(variable);
        passwords.push((credential, vec![("password", format!("{prefix}_PASSWORD"))]));
    }
    let (passwords, passwords_mount) = password_files(stack, passwords);
    let (temporary, temporary_mount) = scratch_volume("tmp", "/tmp");
    let container = Container {
        args: Some(with_passwords("bootstrap")),
        env: Some(environment),
        resources: Some(resources(DEFAULTS, &Resources::default())),
        volume_mounts: Some(vec![passwords_mount, temporary_mount]),
        ..container(stack, BOOTSTRAP, image)
    };
    let volumes = vec![passwords, temporary];
    let spec = pod_spec(stack, POSTGRES_USER, container, volumes);
    job(stack, &format!("bootstrap-{hash}"), BOOTSTRAP, spec)
}

/// Migrates the database of one service to what the image that the spec asks for needs.
pub fn migration(stack: &ValidStack, application: Application, system_identifier: &str) -> Job {
    let image = stack.image(application);
    let hash = fingerprint([image.as_bytes(), system_identifier.as_bytes()]);
    let (variable, (database, database_mount)) = database_file(stack, application);
    let container = Container {
        args: Some(vec!["migrate".to_owned()]),
        env: Some(vec![variable]),
        volume_mounts: Some(vec![database_mount]),
        resources: Some(resources(DEFAULTS, &Resources::default())),
        ..container(stack, "migrate", image)
    };
    let spec = pod_spec(stack, SERVICE_USER, container, vec![database]);
    let name = format!("{application}-migrate-{hash}");
    job(stack, &name, application.migration(), spec)
}

fn job(stack: &ValidStack, suffix: &str, component: &str, mut spec: PodSpec) -> Job {
    spec.restart_policy = Some("Never".to_owned());
    Job {
        metadata: metadata(stack, stack.object(suffix), component),
        spec: Some(JobSpec {
            // An image that cannot be pulled would leave it active permanently. // OPERATOR 11
            active_deadline_seconds: Some(900),
            // Each attempt leaves its pod, whose termination message names the cause.
            backoff_limit: Some(2),
            template: pod_template(stack, component, None, spec),
            ..Default::default()
        }),
        status: None,
    }
}
