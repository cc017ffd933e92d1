//! `NetworkPolicies`: who may reach which port. Ingress rules only, since egress rules can cut Patroni off the
//! API server (OPERATOR 20). Public ports accept all clients: ingress controllers live in namespaces of any name.

use crate::{
    component::{Application, BOOTSTRAP, POSTGRES, Workload},
    kube::labels::{INSTANCE, MANAGER, NAME, metadata, pod_selector},
    validate::ValidStack,
};
use k8s_openapi::{
    api::networking::v1::{
        NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
        NetworkPolicySpec,
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
        util::intstr::IntOrString,
    },
};

pub fn network_policies(stack: &ValidStack) -> Vec<NetworkPolicy> {
    let order = [Workload::Order.into_str(), Workload::Worker.into_str()];
    let readers = [Workload::Product.into_str(), Workload::Order.into_str()];
    let policies = [
        (
            Workload::Auth.into_str(),
            vec![open(8080), from(stack, &readers, &[8081])],
        ),
        (
            Workload::Product.into_str(),
            vec![open(8080), from(stack, &order, &[8081]), from_operator()],
        ),
        (
            Workload::Order.into_str(),
            vec![open(8080), from_operator()],
        ),
        (Workload::Worker.into_str(), Vec::new()),
        (BOOTSTRAP, Vec::new()),
        (POSTGRES, database_rules(stack)),
    ];
    let migrations = Application::ALL.map(|application| (application.migration(), Vec::new()));
    let policies = policies.into_iter().chain(migrations);
    policies
        .map(|(component, rules)| policy(stack, component, rules))
        .collect()
}

fn database_rules(stack: &ValidStack) -> Vec<NetworkPolicyIngressRule> {
    let clients: Vec<&str> = Workload::ALL
        .map(<&str>::from)
        .into_iter()
        .chain(Application::ALL.map(Application::migration))
        .chain([BOOTSTRAP])
        .collect();
    vec![
        from(stack, &clients, &[5432]),
        from(stack, &[POSTGRES], &[5432, 8008]),
    ]
}

/// A policy without rules closes its pods to all clients but the node's kubelet.
fn policy(
    stack: &ValidStack,
    component: &str,
    rules: Vec<NetworkPolicyIngressRule>,
) -> NetworkPolicy {
    NetworkPolicy {
        metadata: metadata(stack, stack.object(component), component),
        spec: Some(NetworkPolicySpec {
            ingress: (!rules.is_empty()).then_some(rules),
            pod_selector: Some(pod_selector(&stack.name, component)),
            policy_types: Some(vec!["Ingress".to_owned()]),
            ..Default::default()
        }),
    }
}

/// A port that all clients may reach.
fn open(port: i32) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule {
        from: None,
        ports: Some(vec![policy_port(port)]),
    }
}

/// Ports that some components of the same stack may reach.
fn from(stack: &ValidStack, components: &[&str], ports: &[i32]) -> NetworkPolicyIngressRule {
    let requirement = |key: &str, values: Vec<String>| LabelSelectorRequirement {
        key: key.to_owned(),
        operator: "In".to_owned(),
        values: Some(values),
    };
    NetworkPolicyIngressRule {
        from: Some(vec![NetworkPolicyPeer {
            pod_selector: Some(LabelSelector {
                match_expressions: Some(vec![
                    requirement(INSTANCE, vec![stack.name.clone()]),
                    requirement(
                        NAME,
                        components.iter().map(|&name| name.to_owned()).collect(),
                    ),
                ]),
                match_labels: None,
            }),
            ..Default::default()
        }]),
        ports: Some(ports.iter().copied().map(policy_port).collect()),
    }
}

/// The internal port, for the operator, which reads the audits. It may run in any namespace and authenticates by its
/// token; the chart gives its pods this label.
fn from_operator() -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule {
        from: Some(vec![NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector::default()),
            pod_selector: Some(LabelSelector {
                match_labels: Some([(NAME.to_owned(), MANAGER.to_owned())].into()),
                match_expressions: None,
            }),
            ..Default::default()
        }]),
        ports: Some(vec![policy_port(8081)]),
    }
}

fn policy_port(port: i32) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(port)),
        protocol: Some("TCP".to_owned()),
        end_port: None,
    }
}
