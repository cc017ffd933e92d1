//! Services: the public and the internal port of each service, and the database.
//! The internal ports have Services of their own, which no Ingress names (OPERATOR 18).

use crate::{
    component::{Application, POSTGRES},
    kube::labels::{PATRONI_SCOPE, metadata, pod_labels},
    validate::ValidStack,
};
use k8s_openapi::{
    api::core::v1::{Service, ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

/// The label by which Patroni marks the primary.
pub const PATRONI_ROLE: &str = "role";

pub fn services(stack: &ValidStack) -> Vec<Service> {
    let mut services = Vec::new();
    for application in Application::ALL {
        let component = application.into_str();
        services.push(service(stack, component, component, ("http", 80, 8080)));
        let (suffix, port) = (format!("{component}-internal"), ("internal", 8081, 8081));
        services.push(service(stack, &suffix, component, port));
    }
    services.push(primary(stack));
    services.push(members(stack));
    services
}

fn service(
    stack: &ValidStack,
    suffix: &str,
    component: &str,
    (name, port, target): (&str, i32, i32),
) -> Service {
    Service {
        metadata: metadata(stack, stack.object(suffix), component),
        spec: Some(ServiceSpec {
            ports: Some(vec![ServicePort {
                name: Some(name.to_owned()),
                port,
                protocol: Some("TCP".to_owned()),
                target_port: Some(IntOrString::Int(target)),
                ..Default::default()
            }]),
            selector: Some(pod_labels(&stack.name, component)),
            ..Default::default()
        }),
        status: None,
    }
}

/// The one database pod that takes writes; Patroni moves the label.
fn primary(stack: &ValidStack) -> Service {
    let mut service = service(stack, POSTGRES, POSTGRES, ("postgres", 5432, 5432));
    let spec = service.spec.get_or_insert_default();
    let selector = spec.selector.get_or_insert_default();
    selector.insert(PATRONI_SCOPE.to_owned(), stack.object(POSTGRES));
    selector.insert(PATRONI_ROLE.to_owned(), "primary".to_owned());
    service
}

/// The names of the database's pods, for the `StatefulSet`.
fn members(stack: &ValidStack) -> Service {
    let port = ("postgres", 5432, 5432);
    let mut service = service(stack, "postgres-pods", POSTGRES, port);
    let spec = service.spec.get_or_insert_default();
    spec.cluster_ip = Some("None".to_owned());
    spec.publish_not_ready_addresses = Some(true);
    service
}
