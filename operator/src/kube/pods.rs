//! The settings that all pods of a stack share: Pod Security `restricted`, no token, no service links, numeric users,
//! resources with defaults.

use crate::{
    kube::labels::{SECRETS_HASH, labels, map},
    validate::ValidStack,
};
use ecommercestack_crds::{ResourceAmounts, Resources};
use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, ContainerPort, EmptyDirVolumeSource, HTTPGetAction, KeyToPath,
        PodSecurityContext, PodSpec, PodTemplateSpec, Probe, ProjectedVolumeSource,
        ResourceRequirements, SeccompProfile, SecretProjection, SecretVolumeSource,
        SecurityContext, Volume, VolumeMount, VolumeProjection,
    },
    apimachinery::pkg::{
        api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString,
    },
};

/// The user and group of every Rust service's image.
pub const SERVICE_USER: i64 = 10001;
/// The user and group of the database's image.
pub const POSTGRES_USER: i64 = 999;

/// The template of a component's pods. `secrets` is the hash of the Secrets that they read.
pub fn pod_template(
    stack: &ValidStack,
    component: &str,
    secrets: Option<&str>,
    spec: PodSpec,
) -> PodTemplateSpec {
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(&stack.name, component)),
            annotations: secrets.map(|hash| map([(SECRETS_HASH, hash)])),
            ..Default::default()
        }),
        spec: Some(spec),
    }
}

/// A pod around its one container.
pub fn pod_spec(
    stack: &ValidStack,
    user: i64,
    container: Container,
    volumes: Vec<Volume>,
) -> PodSpec {
    PodSpec {
        automount_service_account_token: Some(false),
        containers: vec![container],
        // A Service `order` would set ORDER_PORT=tcp://… // OPERATOR 19
        enable_service_links: Some(false),
        image_pull_secrets: (!stack.pull_secrets.is_empty()).then(|| stack.pull_secrets.clone()),
        security_context: Some(PodSecurityContext {
            fs_group: Some(user),
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            run_as_group: Some(user),
            run_as_non_root: Some(true),
            run_as_user: Some(user),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        volumes: (!volumes.is_empty()).then_some(volumes),
        ..Default::default()
    }
}

/// A container with only its name, its image and what `restricted` requires.
pub fn container(stack: &ValidStack, name: &str, image: &str) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(image.to_owned()),
        image_pull_policy: Some(stack.pull_policy.into_str().to_owned()),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities {
                drop: Some(vec!["ALL".to_owned()]),
                ..Default::default()
            }),
            read_only_root_filesystem: Some(true),
            ..Default::default()
        }),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Default::default()
    }
}

/// A probe that requests a path on a named port every `period` seconds and fails after `failures` failed requests.
pub fn probe(path: &str, port: &str, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(port.to_owned()),
            ..Default::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(3),
        failure_threshold: Some(failures),
        ..Default::default()
    }
}

pub fn port(name: &str, number: i32) -> ContainerPort {
    ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        ..Default::default()
    }
}

/// Files from a Secret, which pods only read.
pub fn secret_volume(name: &str, path: &str, source: SecretVolumeSource) -> (Volume, VolumeMount) {
    let volume = Volume {
        name: name.to_owned(),
        secret: Some(source),
        ..Default::default()
    };
    (volume, mount(name, path, true))
}

/// All keys of a Secret, each as a file that only the pod's group can read.
pub fn all_keys(secret: String) -> SecretVolumeSource {
    SecretVolumeSource {
        secret_name: Some(secret),
        default_mode: Some(SECRET_MODE),
        ..Default::default()
    }
}

/// Selected keys of a Secret, each as a file of a name.
pub fn some_keys<K: Into<String>>(
    secret: String,
    keys: impl IntoIterator<Item = (K, &'static str)>,
) -> SecretVolumeSource {
    SecretVolumeSource {
        items: Some(keys.into_iter().map(item).collect()),
        ..all_keys(secret)
    }
}

/// Keys of several Secrets as files of one folder.
pub fn joined_secrets_volume(
    name: &str,
    path: &str,
    secrets: impl IntoIterator<Item = (String, Vec<(&'static str, String)>)>,
) -> (Volume, VolumeMount) {
    let sources = secrets.into_iter().map(|(secret, keys)| VolumeProjection {
        secret: Some(SecretProjection {
            name: secret,
            items: Some(keys.into_iter().map(item).collect()),
            optional: None,
        }),
        ..Default::default()
    });
    let volume = Volume {
        name: name.to_owned(),
        projected: Some(ProjectedVolumeSource {
            default_mode: Some(SECRET_MODE),
            sources: Some(sources.collect()),
            ..Default::default()
        }),
        ..Default::default()
    };
    (volume, mount(name, path, true))
}

const SECRET_MODE: i32 = 0o440;

fn item((key, file): (impl Into<String>, impl Into<String>)) -> KeyToPath {
    KeyToPath {
        key: key.into(),
        path: file.into(),
        ..Default::default()
    }
}

/// A directory that lives as long as the pod.
pub fn scratch_volume(name: &str, path: &str) -> (Volume, VolumeMount) {
    let volume = Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Default::default()
    };
    (volume, mount(name, path, false))
}

pub fn mount(name: &str, path: &str, read_only: bool) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..Default::default()
    }
}

/// The requests and limits of a container for which the spec sets none.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    pub cpu_request: &'static str,
    pub memory_request: &'static str,
    pub cpu_limit: Option<&'static str>,
    pub memory_limit: &'static str,
}

/// The defaults, overridden by what the spec sets. If the spec sets a request without a limit, the default limit does
/// not apply, since it might be below the request: memory is limited to the request, CPU not at all.
pub fn resources(defaults: Defaults, own: &Resources) -> ResourceRequirements {
    let none = ResourceAmounts::default();
    let requests = own.requests.as_ref().unwrap_or(&none);
    let limits = own.limits.as_ref().unwrap_or(&none);
    // If the spec sets only a limit, it might be below the default request.
    let request = |own: &Option<String>, own_limit: &Option<String>, default: &str| {
        own.clone()
            .or_else(|| own_limit.clone().map(|limit| smaller(limit, default)))
            .unwrap_or_else(|| default.to_owned())
    };
    let default_cpu_limit = defaults.cpu_limit.filter(|_| requests.cpu.is_none());
    let cpu_limit = limits.cpu.clone();
    let cpu_limit = cpu_limit.or_else(|| default_cpu_limit.map(str::to_owned));
    let memory_limit = limits
        .memory
        .clone()
        .or_else(|| requests.memory.clone())
        .unwrap_or_else(|| defaults.memory_limit.to_owned());
    let amounts = |cpu: Option<String>, memory: String| {
        let cpu = cpu.map(|cpu| ("cpu".to_owned(), Quantity(cpu)));
        let memory = ("memory".to_owned(), Quantity(memory));
        Some(cpu.into_iter().chain([memory]).collect())
    };
    ResourceRequirements {
        requests: amounts(
            Some(request(&requests.cpu, &limits.cpu, defaults.cpu_request)),
            request(&requests.memory, &limits.memory, defaults.memory_request),
        ),
        limits: amounts(cpu_limit, memory_limit),
        ..Default::default()
    }
}

/// The smaller of a limit and a default request; the limit if either cannot be read.
fn smaller(limit: String, default: &str) -> String {
    match (amount(&limit), amount(default)) {
        (Some(most), Some(asked)) if asked <= most => default.to_owned(),
        _ => limit,
    }
}

/// A quantity as thousandths of its unit, for the suffixes that the CRD's patterns allow. (`kube_quantity` 0.9 is not used: it
/// reads through `f64`, so that 24Ti is not 26388279066624, panics on what is too large, and takes `Gi` for zero.)
pub fn amount(quantity: &str) -> Option<u128> {
    let digits = quantity.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor: u128 = match &quantity[digits.len()..] {
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let value: u128 = format!("{whole}{fraction}").parse().ok()?;
    value.checked_mul(factor).map(|value| value / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Defaults = Defaults {
        cpu_request: "20m",
        memory_request: "64Mi",
        cpu_limit: Some("1"),
        memory_limit: "256Mi",
    };

    fn both(cpu: &str, memory: &str) -> ResourceAmounts {
        ResourceAmounts {
            cpu: Some(cpu.into()),
            memory: Some(memory.into()),
        }
    }

    fn of(own: &Resources) -> [Option<String>; 4] {
        let ResourceRequirements {
            requests, limits, ..
        } = resources(DEFAULTS, own);
        let (requests, limits) = (requests.unwrap(), limits.unwrap());
        [
            (&requests, "cpu"),
            (&requests, "memory"),
            (&limits, "cpu"),
            (&limits, "memory"),
        ]
        .map(|(amounts, key)| amounts.get(key).map(|quantity| quantity.0.clone()))
    }

    #[test]
    fn a_request_above_the_default_limit_moves_the_limit() {
        let own = Resources {
            requests: Some(both("2", "1Gi")),
            limits: None,
        };
        assert_eq!(
            of(&own),
            [
                Some("2".into()),
                Some("1Gi".into()),
                None,
                Some("1Gi".into())
            ]
        );
    }

    #[test]
    fn a_limit_below_the_default_request_moves_the_request() {
        let own = Resources {
            requests: None,
            limits: Some(both("10m", "32Mi")),
        };
        let expected = ["10m", "32Mi", "10m", "32Mi"].map(|text| Some(text.to_owned()));
        assert_eq!(of(&own), expected);
    }

    #[test]
    fn quantities_are_compared_across_suffixes() {
        assert_eq!(amount("0.5"), amount("500m"));
        assert_eq!(amount("1Gi"), amount("1024Mi"));
        assert!(amount("1000M") < amount("1Gi"));
        assert_eq!(amount("1.5Gi"), amount("1536Mi"));
        assert_eq!(amount("24Ti"), amount("26388279066624"));
        let endless = format!("0.{}", "1".repeat(40));
        for unreadable in [
            "1e3",
            "",
            "Gi",
            "-1",
            "1 Gi",
            "1.2.3",
            &"9".repeat(39),
            &endless,
        ] {
            assert_eq!(amount(unreadable), None, "{unreadable}");
        }
    }
}
