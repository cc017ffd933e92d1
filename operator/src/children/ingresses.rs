//! The Ingress: one table of prefixes and the services behind them. It never names an internal port (OPERATOR 18).
//! No annotation of any controller; whoever runs Traefik sets strictPrefixMatching.

use super::metadata;
use crate::{
    component::Application::{self, Auth, Order, Product},
    validate::ValidStack,
};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, ServiceBackendPort,
};

/// How a path of the table is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathMatch {
    Prefix,
    Exact,
}

/// What is reachable from outside, and who answers.
pub const ROUTES: [(&str, PathMatch, Application); 19] = [
    ("/.well-known/jwks.json", PathMatch::Exact, Auth),
    ("/api/v1/auth", PathMatch::Prefix, Auth),
    ("/api/v1/users", PathMatch::Prefix, Auth),
    ("/api/auth", PathMatch::Prefix, Auth),
    ("/api/users", PathMatch::Prefix, Auth),
    ("/api/v1/product", PathMatch::Prefix, Product),
    ("/api/v1/products", PathMatch::Prefix, Product),
    ("/api/v1/categories", PathMatch::Prefix, Product),
    ("/api/v1/inventory", PathMatch::Prefix, Product),
    ("/api/v1/vendor/products", PathMatch::Prefix, Product),
    ("/api/product", PathMatch::Prefix, Product),
    ("/api/products", PathMatch::Prefix, Product),
    ("/api/categories", PathMatch::Prefix, Product),
    ("/api/inventory", PathMatch::Prefix, Product),
    ("/api/vendor/products", PathMatch::Prefix, Product),
    ("/api/v1/order", PathMatch::Prefix, Order),
    ("/api/v1/orders", PathMatch::Prefix, Order),
    ("/api/order", PathMatch::Prefix, Order),
    ("/api/orders", PathMatch::Prefix, Order),
];

/// The short paths of `spec.ingress.legacyAliases`.
pub const LEGACY_ROUTES: [(&str, PathMatch, Application); 2] = [
    ("/orders", PathMatch::Prefix, Order),
    ("/products", PathMatch::Prefix, Product),
];

/// The Ingress, if the spec asks for one.
pub fn ingresses(stack: &ValidStack) -> Vec<Ingress> {
    let Some(route) = &stack.route else {
        return Vec::new();
    };
    let aliases = if route.legacy_aliases {
        LEGACY_ROUTES.as_slice()
    } else {
        &[]
    };
    let paths = ROUTES
        .iter()
        .chain(aliases)
        .map(|row| path(stack, *row))
        .collect();
    vec![Ingress {
        metadata: metadata(stack, stack.name.clone(), "ingress"),
        spec: Some(IngressSpec {
            ingress_class_name: route.class_name.clone(),
            rules: Some(vec![IngressRule {
                host: route.host.clone(),
                http: Some(HTTPIngressRuleValue { paths }),
            }]),
            ..Default::default()
        }),
        status: None,
    }]
}

fn path(
    stack: &ValidStack,
    (path, matched, application): (&str, PathMatch, Application),
) -> HTTPIngressPath {
    HTTPIngressPath {
        path: Some(path.to_owned()),
        path_type: match matched {
            PathMatch::Prefix => "Prefix",
            PathMatch::Exact => "Exact",
        }
        .to_owned(),
        backend: IngressBackend {
            service: Some(IngressServiceBackend {
                name: stack.object(application.as_str()),
                port: Some(ServiceBackendPort {
                    name: Some("http".to_owned()),
                    number: None,
                }),
            }),
            resource: None,
        },
    }
}
