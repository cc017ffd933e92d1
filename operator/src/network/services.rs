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
        services.push(service(
            stack,
            &format!("{component}-internal"),
            component,
            ("internal", 8081, 8081),
        ));
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
            ports: Some(vec![service_port(name, port, target)]),
            selector: Some(pod_labels(&stack.name, component)),
            ..Default::default()
        }),
        status: None,
    }
}

/// The one database pod that takes writes; Patroni moves the label.
fn primary(stack: &ValidStack) -> Service {
    let mut service = service(stack, POSTGRES, POSTGRES, ("postgres", 5432, 5432));
    if let Some(selector) = service
        .spec
        .as_mut()
        .and_then(|spec| spec.selector.as_mut())
    {
        selector.insert(PATRONI_SCOPE.to_owned(), stack.object(POSTGRES));
        selector.insert(PATRONI_ROLE.to_owned(), "primary".to_owned());
    }
    service
}

/// The names of the database's pods, for the `StatefulSet`.
fn members(stack: &ValidStack) -> Service {
    Service {
        metadata: metadata(stack, stack.object("postgres-pods"), POSTGRES),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            ports: Some(vec![service_port("postgres", 5432, 5432)]),
            publish_not_ready_addresses: Some(true),
            selector: Some(pod_labels(&stack.name, POSTGRES)),
            ..Default::default()
        }),
        status: None,
    }
}

fn service_port(name: &str, port: i32, target: i32) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::Int(target)),
        ..Default::default()
    }
}
