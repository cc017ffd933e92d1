//! The Ingress: one table of prefixes and the services behind them. It never names an internal port (OPERATOR 18).
//! No annotation of any controller; the administrator of Traefik sets strictPrefixMatching and allowEmptyServices. cert-manager
//! is asked for a certificate by its annotation, and only where the spec names an issuer.

use crate::{
    component::Application::{self, Auth, Order, Product},
    kube::labels::{map, metadata},
    validate::ValidStack,
};
use ecommercestack_crds::IssuerKind;
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
};

/// How a path is compared, as an Ingress spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum PathMatch {
    Prefix,
    Exact,
}

/// A path that is reachable from outside, and the service behind it.
#[derive(Clone, Debug)]
pub struct Route {
    pub path: String,
    pub matched: PathMatch,
    pub application: Application,
}

/// The services behind the paths below `/api/v1`, and below its alias `/api`.
const RESOURCES: [(&str, Application); 20] = [
    ("auth", Auth),
    ("permissions", Auth),
    ("roles", Auth),
    ("users", Auth),
    ("api-keys", Auth),
    ("admin/audit-log", Auth),
    ("product", Product),
    ("products", Product),
    ("categories", Product),
    ("inventory", Product),
    ("locations", Product),
    ("vendor/products", Product),
    ("order", Order),
    ("orders", Order),
    ("payments", Order),
    ("payment-methods", Order),
    ("fulfillments", Order),
    ("returns", Order),
    ("sagas", Order),
    ("vendor/orders", Order),
];

/// Single paths. A client of the shops before this one asks for the health of notifications; order has their events.
const EXACT: [(&str, Application); 3] = [
    ("/.well-known/jwks.json", Auth),
    ("/api/v1/notifications/health", Order),
    ("/api/notifications/health", Order),
];

/// The short paths of `spec.ingress.legacyAliases`.
const ALIASES: [(&str, Application); 3] = [
    ("orders", Order),
    ("payments", Order),
    ("products", Product),
];

/// The whole table, with the short paths or without.
pub fn routes(legacy_aliases: bool) -> Vec<Route> {
    let exact = EXACT.map(|(path, application)| Route {
        path: path.to_owned(),
        matched: PathMatch::Exact,
        application,
    });
    let prefix = |root: &str, name: &str, application| Route {
        path: format!("{root}/{name}"),
        matched: PathMatch::Prefix,
        application,
    };
    let below = |root| RESOURCES.map(|(name, application)| prefix(root, name, application));
    let mut routes = [&exact[..], &below("/api/v1"), &below("/api")].concat();
    if legacy_aliases {
        routes.extend(ALIASES.map(|(name, application)| prefix("", name, application)));
    }
    routes
}

/// The Ingress, if the spec asks for one.
pub fn ingresses(stack: &ValidStack) -> Vec<Ingress> {
    let Some(route) = &stack.route else {
        return Vec::new();
    };
    let paths = routes(route.legacy_aliases)
        .into_iter()
        .map(|route| path(stack, route))
        .collect();
    let mut metadata = metadata(stack, stack.name.clone(), "ingress");
    let issuer = stack.tls().and_then(|tls| tls.issuer.as_ref());
    metadata.annotations = issuer.map(|(kind, name)| map([(issuer_annotation(*kind), name)]));
    let tls = route.tls.as_ref().map(|tls| {
        vec![IngressTLS {
            hosts: route.host.clone().map(|host| vec![host]),
            secret_name: Some(tls.secret_name.clone()),
        }]
    });
    vec![Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: route.class_name.clone(),
            tls,
            rules: Some(vec![IngressRule {
                host: route.host.clone(),
                http: Some(HTTPIngressRuleValue { paths }),
            }]),
            ..Default::default()
        }),
        status: None,
    }]
}

/// The annotation that makes cert-manager fill the Secret of an Ingress.
fn issuer_annotation(kind: IssuerKind) -> &'static str {
    match kind {
        IssuerKind::Issuer => "cert-manager.io/issuer",
        IssuerKind::ClusterIssuer => "cert-manager.io/cluster-issuer",
    }
}

fn path(stack: &ValidStack, route: Route) -> HTTPIngressPath {
    HTTPIngressPath {
        path: Some(route.path),
        path_type: route.matched.to_string(),
        backend: IngressBackend {
            service: Some(IngressServiceBackend {
                name: stack.object(route.application.into_str()),
                port: Some(ServiceBackendPort {
                    name: Some("http".to_owned()),
                    number: None,
                }),
            }),
            resource: None,
        },
    }
}
