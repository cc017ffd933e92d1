//! Whether the shop's URL leads to the shop. Three problems of a route are not visible in any object of the stack:
//! another stack has the host, the ingress class does not exist, or the ingress controller does not do what the Ingress
//! says.

mod url_check;

pub use url_check::{Target, UrlChecks, check_url};

use crate::{
    kube::{
        per_stack::StackKey,
        stacks::{HostRule, Known},
    },
    validate::ValidStack,
};
use k8s_openapi::api::networking::v1::IngressClass;
use kube::ResourceExt;

/// The annotation of the class that an Ingress without one gets.
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// The state of the route from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The spec asks for none.
    NoIngress,
    /// The stack that has the host. No Ingress is created: either of the two shops might answer.
    HostTaken(StackKey),
    ClassMissing {
        wanted: Option<String>,
        there: Vec<String>,
    },
    /// Not requested, and why.
    NotChecked(String),
    /// The shop itself answered.
    Serves,
    /// Something else answered.
    Misrouted(String),
}

/// The ingress classes of the cluster, where the operator may read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressClasses {
    names: Vec<String>,
    default: Option<String>,
}

impl IngressClasses {
    pub fn new(classes: &[IngressClass]) -> Self {
        let is_default = |class: &&IngressClass| {
            class.annotations().get(DEFAULT_CLASS).map(String::as_str) == Some("true")
        };
        let default = classes.iter().find(is_default);
        Self {
            names: classes.iter().map(ResourceExt::name_any).collect(),
            default: default.map(ResourceExt::name_any),
        }
    }
}

/// What is known without a request.
pub fn foreseen(
    stack: &ValidStack,
    created: Option<jiff::Timestamp>,
    stacks: &[Known],
    classes: Option<&IngressClasses>,
) -> Option<Routing> {
    let Some(route) = &stack.route else {
        return Some(Routing::NoIngress);
    };
    let rule = HostRule {
        host: route.host.clone(),
        class_name: route.class_name.clone(),
    };
    if let Some(holder) = holder(stack, created, &rule, stacks, classes) {
        return Some(Routing::HostTaken(holder));
    }
    let classes = classes?;
    let is_missing = match &route.class_name {
        Some(name) => !classes.names.contains(name),
        None => classes.default.is_none(),
    };
    is_missing.then(|| Routing::ClassMissing {
        wanted: route.class_name.clone(),
        there: classes.names.clone(),
    })
}

/// The oldest stack with this host in this class, if it is another one; of two equally old ones, the first by name.
fn holder(
    stack: &ValidStack,
    created: Option<jiff::Timestamp>,
    rule: &HostRule,
    stacks: &[Known],
    classes: Option<&IngressClasses>,
) -> Option<StackKey> {
    let class = |rule: &HostRule| {
        let default = classes.and_then(|classes| classes.default.clone());
        rule.class_name.clone().or(default)
    };
    let key = (stack.namespace.clone(), stack.name.clone());
    let own_rank = (created, key.clone());
    stacks
        .iter()
        .filter(|known| known.key != key && !known.is_terminating)
        .filter(|known| {
            let other = known.ingress.as_ref();
            other.is_some_and(|other| other.host == rule.host && class(other) == class(rule))
        })
        .map(|known| (known.created, known.key.clone()))
        .filter(|rank| *rank < own_rank)
        .min()
        .map(|(_, key)| key)
}
