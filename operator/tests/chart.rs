//! What is generated from the chart and the CRD is up to date, as far as can be told without Helm.

use serde::Deserialize as _;
use serde_json::Value;

const DEFINITION: &str = include_str!("../../crds/ecommercestacks.yaml");
const COPY: &str = include_str!("../../charts/ecommercestack-operator/files/ecommercestacks.yaml");
const INSTALL: &str = include_str!("../../manifests/install.yaml");
const RULES: &str = include_str!("../../charts/ecommercestack-operator/templates/_rules.tpl");

fn documents(yaml: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).expect("generated files are YAML"))
        .collect()
}

fn of_kind<'a>(documents: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    documents
        .iter()
        .filter(move |document| document["kind"] == kind)
}

#[test]
fn the_chart_carries_the_present_definition() {
    assert_eq!(COPY, DEFINITION, "run make gen");
}

#[test]
fn the_install_manifest_carries_the_present_definition() {
    let (install, definition) = (documents(INSTALL), documents(DEFINITION));
    let mut installed = of_kind(&install, "CustomResourceDefinition");
    let names = |definition: &Value| definition["spec"]["names"].clone();
    let installed = installed.next().expect("install.yaml has the definition");
    assert_eq!(names(installed), names(&definition[0]), "run make gen");
    // Numbers may be written as 50 or 50.0.
    let text = |definition: &Value| {
        definition["spec"]["versions"]
            .to_string()
            .replace(".0,", ",")
            .replace(".0}", "}")
    };
    assert_eq!(text(installed), text(&definition[0]), "run make gen");
}

#[test]
fn the_install_manifest_carries_the_present_rules() {
    let install = documents(INSTALL);
    let role = of_kind(&install, "ClusterRole")
        .next()
        .expect("install.yaml has the role");
    for rule in role["rules"].as_array().into_iter().flatten() {
        let verbs: Vec<_> = rule["verbs"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert!(
            RULES.contains(&format!("verbs: [{}]", verbs.join(", "))),
            "run make gen"
        );
    }
}

#[test]
fn the_operator_lists_and_watches_no_secrets_and_binds_one_role_only() {
    let install = documents(INSTALL);
    let role = of_kind(&install, "ClusterRole")
        .next()
        .expect("install.yaml has the role");
    let rules: Vec<&Value> = role["rules"].as_array().into_iter().flatten().collect();
    let of = |resource: &str| {
        let has = |rule: &&&Value| {
            rule["resources"]
                .as_array()
                .is_some_and(|list| list.contains(&resource.into()))
        };
        rules
            .iter()
            .find(has)
            .copied()
            .expect("a rule for the resource")
    };
    assert_eq!(
        of("secrets")["verbs"],
        serde_json::json!(["get", "create", "patch"])
    );
    assert_eq!(of("clusterroles")["verbs"], serde_json::json!(["bind"]));
    assert_eq!(
        of("clusterroles")["resourceNames"],
        serde_json::json!(["ecommercestack-operator-postgres"])
    );
    assert!(!role.to_string().contains('*'));
}
