//! `NetworkPolicies`: who may reach which port. Ingress rules only, since egress rules can cut Patroni off the
//! API server (OPERATOR 20). Public ports accept all clients: ingress controllers live in namespaces of any name.

use crate::{
    component::{Application, BOOTSTRAP, POSTGRES, Workload},
    kube::labels::{INSTANCE, MANAGER, NAME, map, metadata, pod_selector},
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
    use Workload::{Auth, Order, Product, Worker};
    let [auth, product, order, worker] = [Auth, Product, Order, Worker].map(<&str>::from);
    let internal = |components: &[&str]| from(stack, components, &[8081]);
    let of_product = vec![open(8080), internal(&[order, worker]), from_operator()];
    let policies = [
        (auth, vec![open(8080), internal(&[product, order])]),
        (product, of_product),
        (order, vec![open(8080), from_operator()]),
        (worker, Vec::new()),
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
    let mut clients = Workload::ALL.map(<&str>::from).to_vec();
    clients.extend(Application::ALL.map(Application::migration));
    clients.push(BOOTSTRAP);
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
    let requirement = |key: &str, values: &[&str]| LabelSelectorRequirement {
        key: key.to_owned(),
        operator: "In".to_owned(),
        values: Some(values.iter().map(ToString::to_string).collect()),
    };
    NetworkPolicyIngressRule {
        from: Some(vec![NetworkPolicyPeer {
            pod_selector: Some(LabelSelector {
                match_expressions: Some(vec![
                    requirement(INSTANCE, &[&stack.name]),
                    requirement(NAME, components),
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
                match_labels: Some(map([(NAME, MANAGER)])),
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
