//! The files that are generated from the chart and the CRD are up to date, as far as can be checked without Helm.

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

#[test]
fn the_operator_changes_its_own_lease_only_and_other_operators_may_see_it() {
    let install = documents(INSTALL);
    let named = |kind, name: &str| {
        let name = format!("ecommercestack-operator{name}");
        let mut found = of_kind(&install, kind);
        let found = found.find(|object| object["metadata"]["name"] == name);
        found.expect("install.yaml has it").clone()
    };
    let rule = |names: Option<&str>, verbs: &[&str]| {
        let mut rule = serde_json::json!({
            "apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": verbs,
        });
        if let Some(name) = names {
            rule["resourceNames"] = serde_json::json!([name]);
        }
        rule
    };
    let own = Some("ecommercestack-operator");
    let change = named("Role", "-lease");
    let expected = [rule(None, &["create"]), rule(own, &["get", "update"])];
    assert_eq!(change["rules"], serde_json::json!(expected));
    assert_eq!(change["metadata"]["namespace"], "ecommercestack-system");
    let view = named("Role", "-lease-view");
    assert_eq!(view["rules"], serde_json::json!([rule(own, &["get"])]));
    let readers = &named("RoleBinding", "-lease-view")["subjects"];
    assert_eq!(readers[0]["name"], "system:serviceaccounts");

    let deployment = named("Deployment", "");
    let variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"].to_string();
    let name = r#"{"name":"LEASE_NAME","value":"ecommercestack-operator"}"#;
    assert!(variables.contains(name), "{variables}");
    assert!(variables.contains("LEASE_NAMESPACE"), "{variables}");
}
