//! Which pod reaches which under the rendered `NetworkPolicies`, compared with what the product needs. The local
//! cluster does not enforce policies, so this test evaluates them by the semantics of networking.k8s.io/v1.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ecommercestack_operator::{
    database::rbac::PostgresRole,
    render::{parse, render},
};
use serde_json::{Map, Value, json};

/// (to, port): from whom. A port that is missing is not reachable.
const NEEDED: [(&str, u64, &[&str]); 9] = [
    ("auth", 8080, EVERYBODY),
    ("product", 8080, EVERYBODY),
    ("order", 8080, EVERYBODY),
    ("product", 8081, &["order", "order-worker", "operator"]),
    ("order", 8081, &["operator"]),
    ("auth", 8081, &["order", "product"]),
    (
        "postgres",
        5432,
        &[
            "auth",
            "product",
            "order",
            "order-worker",
            "auth-migration",
            "product-migration",
            "order-migration",
            "bootstrap",
            "postgres",
        ],
    ),
    ("postgres", 8008, &["postgres"]),
    ("order-worker", 8080, &[]),
];

const PORTS: [u64; 4] = [5432, 8008, 8080, 8081];
const EVERYBODY: &[&str] = &[
    "auth",
    "product",
    "order",
    "order-worker",
    "auth-migration",
    "product-migration",
    "order-migration",
    "bootstrap",
    "postgres",
    "stranger",
    "other-shop-order",
    "operator",
];

fn objects() -> Vec<Value> {
    let stacks = parse(
        "{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {name: shop}, spec: {version: '1', database: {managed: {storage: {size: 1Gi}}}}}",
        "shops",
    );
    let role = PostgresRole {
        name: "r".into(),
        kind: "Role",
    };
    render(&stacks.unwrap()[0], &role).unwrap()
}

/// The labels of every pod of the shop, and of two other pods.
fn pods(objects: &[Value]) -> Vec<(String, Map<String, Value>)> {
    let mut pods: Vec<_> = objects
        .iter()
        .filter_map(|object| object.pointer("/spec/template/metadata/labels"))
        .map(|labels| {
            let labels = labels.as_object().unwrap().clone();
            (
                labels["app.kubernetes.io/name"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                labels,
            )
        })
        .collect();
    let other = json!({ "app.kubernetes.io/name": "order", "app.kubernetes.io/instance": "other" });
    pods.push(("stranger".to_owned(), Map::new()));
    pods.push((
        "other-shop-order".to_owned(),
        other.as_object().unwrap().clone(),
    ));
    // As the chart labels it, in a namespace of its own.
    let chart = include_str!("../../charts/ecommercestack-operator/templates/_names.tpl");
    assert!(chart.contains("app.kubernetes.io/name: ecommercestack-operator"));
    let operator = json!({ "app.kubernetes.io/name": "ecommercestack-operator", "app.kubernetes.io/instance": "any" });
    pods.push(("operator".to_owned(), operator.as_object().unwrap().clone()));
    pods
}

fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let all = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    all.clone()
        .all(|(key, value)| labels.get(key) == Some(value))
        && expressions.clone().all(|expression| {
            assert_eq!(expression["operator"], "In");
            let value = labels.get(expression["key"].as_str().unwrap());
            value.is_some_and(|value| expression["values"].as_array().unwrap().contains(value))
        })
}

fn admits(rule: &Value, from: &Map<String, Value>, port: u64) -> bool {
    let ports = rule["ports"].as_array().unwrap();
    let peers = rule["from"].as_array();
    ports.iter().any(|open| open["port"] == port)
        && peers.is_none_or(|peers| {
            peers.iter().any(|peer| {
                assert!(peer.get("ipBlock").is_none());
                // Only the operator comes from another namespace.
                let is_operator =
                    from.get("app.kubernetes.io/name") == Some(&json!("ecommercestack-operator"));
                let namespace = match peer.get("namespaceSelector") {
                    Some(any) => *any == json!({}),
                    None => !is_operator,
                };
                namespace && selects(&peer["podSelector"], from)
            })
        })
}

fn reaches(
    policies: &[&Value],
    from: &Map<String, Value>,
    to: &Map<String, Value>,
    port: u64,
) -> bool {
    let mut selecting = policies
        .iter()
        .filter(|policy| selects(&policy["spec"]["podSelector"], to))
        .peekable();
    selecting.peek().is_none()
        || selecting.any(|policy| {
            let rules = policy["spec"]["ingress"].as_array();
            rules
                .into_iter()
                .flatten()
                .any(|rule| admits(rule, from, port))
        })
}

#[test]
fn everybody_reaches_exactly_whom_the_product_needs() {
    let objects = objects();
    let policies: Vec<&Value> = objects
        .iter()
        .filter(|object| object["kind"] == "NetworkPolicy")
        .collect();
    let pods = pods(&objects);
    assert_eq!(pods.len(), EVERYBODY.len());
    for (to, to_labels) in pods
        .iter()
        .filter(|(name, _)| name != "stranger" && name != "operator" && !name.starts_with("other"))
    {
        for port in PORTS {
            let needed = NEEDED
                .iter()
                .find(|(name, number, _)| name == to && *number == port)
                .map_or([].as_slice(), |(_, _, from)| from);
            for (from, from_labels) in &pods {
                assert_eq!(
                    reaches(&policies, from_labels, to_labels, port),
                    needed.contains(&from.as_str()),
                    "{from} → {to}:{port}",
                );
            }
        }
    }
}

#[test]
fn policies_are_for_ingress_only() {
    for policy in objects()
        .iter()
        .filter(|object| object["kind"] == "NetworkPolicy")
    {
        assert_eq!(policy["spec"]["policyTypes"], json!(["Ingress"]));
        assert!(policy["spec"].get("egress").is_none());
    }
}
