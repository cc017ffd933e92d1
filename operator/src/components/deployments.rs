//! Deployments of the services and the order worker. They never carry `replicas`: see `apply` (OPERATOR 4).

use crate::{
    component::Workload,
    components::environment::{
        ADMINISTRATOR_DIRECTORY, CALLERS_DIRECTORY, JWT_DIRECTORY, OWN_TOKEN_DIRECTORY,
        PAYMENT_WEBHOOKS_DIRECTORY, database_file, environment,
    },
    credentials::{CALLER, Credential, Credentials, hash_key},
    fingerprint::fingerprint_of,
    kube::{
        labels::{TEMPLATE_HASH, map, metadata, pod_selector},
        pods::{
            Defaults, SERVICE_USER, all_keys, container, pod_spec, pod_template, port, probe,
            resources, secret_volume, some_keys,
        },
    },
    validate::ValidStack,
};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            Container, ContainerPort, Lifecycle, LifecycleHandler, PodSpec, PodTemplateSpec,
            SecretVolumeSource, SleepAction, Volume, VolumeMount,
        },
    },
    apimachinery::pkg::util::intstr::IntOrString,
};

/// The Secrets whose change rolls a workload's pods.
pub fn read_credentials(workload: Workload) -> &'static [Credential] {
    use crate::component::Application::{Auth, Order, Product};
    match workload {
        Workload::Auth => &[
            Credential::Database(Auth),
            Credential::SigningKeys,
            Credential::InternalTokens,
        ],
        Workload::Product => &[Credential::Database(Product), Credential::InternalTokens],
        Workload::Order | Workload::Worker => &[
            Credential::Database(Order),
            Credential::InternalTokens,
            Credential::PaymentWebhooks,
        ],
    }
}

/// The Secrets that a workload's pods need, or must not read from another owner: the initial password may be deleted,
/// but until an administrator exists, auth would create one from any Secret of that name.
pub fn needed_credentials(workload: Workload, has_administrator: bool) -> Vec<Credential> {
    let administrator = match workload {
        Workload::Auth if !has_administrator => Some(Credential::Administrator),
        Workload::Auth | Workload::Product | Workload::Order | Workload::Worker => None,
    };
    let read = read_credentials(workload).iter().copied();
    read.chain(administrator).collect()
}

/// The Deployment of a workload, running a released image.
pub fn deployment(
    stack: &ValidStack,
    workload: Workload,
    image: &str,
    credentials: &Credentials,
) -> Deployment {
    let component = workload.into_str();
    let template = template(stack, workload, image, credentials);
    let mut metadata = metadata(stack, stack.object(component), component);
    metadata.annotations = Some(map([(TEMPLATE_HASH, &fingerprint_of(&template))]));
    Deployment {
        metadata,
        spec: DeploymentSpec {
            progress_deadline_seconds: Some(120),
            revision_history_limit: Some(2),
            selector: pod_selector(&stack.name, component),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(1)),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            template,
            ..Default::default()
        },
        status: None,
    }
}

fn template(
    stack: &ValidStack,
    workload: Workload,
    image: &str,
    credentials: &Credentials,
) -> PodTemplateSpec {
    let component = workload.into_str();
    let (volumes, mounts) = secret_files(stack, workload);
    let hash = credentials.fingerprint(read_credentials(workload));
    let container = Container {
        args: Some(vec![
            if workload.serves() { "serve" } else { "work" }.to_owned(),
        ]),
        env: Some(environment(stack, workload)),
        lifecycle: Some(Lifecycle {
            // Endpoints and the ingress controller are updated before the process receives SIGTERM.
            pre_stop: Some(LifecycleHandler {
                sleep: Some(SleepAction { seconds: 5 }),
                ..Default::default()
            }),
            ..Default::default()
        }),
        liveness_probe: Some(probe("/livez", "internal", 10, 6)),
        ports: Some(ports(workload)),
        readiness_probe: Some(probe("/readyz", "internal", 5, 2)),
        resources: Some(resources(
            defaults(workload),
            &stack.settings(workload).resources,
        )),
        startup_probe: Some(probe("/startupz", "internal", 1, 60)),
        volume_mounts: (!mounts.is_empty()).then_some(mounts),
        ..container(stack, component, image)
    };
    let spec = PodSpec {
        termination_grace_period_seconds: Some(40),
        ..pod_spec(stack, SERVICE_USER, container, volumes)
    };
    pod_template(stack, component, Some(&hash), spec)
}

fn ports(workload: Workload) -> Vec<ContainerPort> {
    let public = workload.serves().then(|| port("http", 8080));
    public.into_iter().chain([port("internal", 8081)]).collect()
}

fn secret_files(stack: &ValidStack, workload: Workload) -> (Vec<Volume>, Vec<VolumeMount>) {
    let secret = |credential: Credential| stack.object(credential.suffix());
    let mut files = vec![database_file(stack, workload.application()).1];
    match workload {
        Workload::Auth => {
            let keys = all_keys(secret(Credential::SigningKeys));
            let administrator = secret(Credential::Administrator);
            let password = SecretVolumeSource {
                optional: Some(true),
                ..some_keys(administrator, [("password", "password")])
            };
            files.push(secret_volume("jwt", JWT_DIRECTORY, keys));
            files.push(secret_volume("admin", ADMINISTRATOR_DIRECTORY, password));
        }
        Workload::Product => {}
        Workload::Order | Workload::Worker => {
            let keys = all_keys(secret(Credential::PaymentWebhooks));
            let webhooks = secret_volume("payment-webhooks", PAYMENT_WEBHOOKS_DIRECTORY, keys);
            files.push(webhooks);
        }
    }
    let tokens = secret(Credential::InternalTokens);
    let (own, callers) = internal_calls(workload);
    if let Some(own) = own {
        let keys = some_keys(tokens.clone(), [(own, "token")]);
        files.push(secret_volume("token", OWN_TOKEN_DIRECTORY, keys));
    }
    if !callers.is_empty() {
        let hashes = callers.iter().map(|caller| (hash_key(caller), *caller));
        let keys = some_keys(tokens, hashes);
        files.push(secret_volume("callers", CALLERS_DIRECTORY, keys));
    }
    files.into_iter().unzip()
}

/// The name under which a workload calls others, and the names of its callers. A compromised pod holds one token, and
/// only hashes of the others. // ORDERS 33
fn internal_calls(workload: Workload) -> (Option<&'static str>, &'static [&'static str]) {
    match workload {
        Workload::Auth => (None, &["order", "product"]),
        Workload::Product => (Some("product"), &["order", CALLER]),
        Workload::Order => (Some("order"), &[CALLER]),
        Workload::Worker => (Some("order"), &[]),
    }
}

fn defaults(workload: Workload) -> Defaults {
    // Hashing passwords must not starve other pods, on an idle node or a busy one. // ORDERS 34
    let (cpu_request, cpu_limit) = match workload {
        Workload::Auth => ("5m", Some("200m")),
        Workload::Product | Workload::Order | Workload::Worker => ("20m", None),
    };
    Defaults {
        cpu_request,
        memory_request: "64Mi",
        cpu_limit,
        memory_limit: "256Mi",
    }
}
