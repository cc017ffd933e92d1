//! The committed `CustomResourceDefinition`: it is the one that the types generate, and plain `kubectl apply` takes it.

#[test]
fn committed_definition_is_the_generated_one() {
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ecommercestacks.yaml"));
    let generated = ecommercestack_crds::definition_yaml().unwrap();
    assert!(
        committed.is_ok_and(|committed| committed == generated),
        "crds/ecommercestacks.yaml differs from the types: run make gen",
    );
}

#[test]
fn definition_fits_into_the_annotation_of_a_client_side_apply() {
    assert!(ecommercestack_crds::definition_yaml().unwrap().len() < 262_144);
}

#[test]
fn every_string_and_list_of_the_spec_has_a_maximum() {
    let definition: serde_json::Value =
        serde_yaml::from_str(&ecommercestack_crds::definition_yaml().unwrap()).unwrap();
    let spec = definition
        .pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec")
        .unwrap();
    let mut unbounded = Vec::new();
    find_unbounded(spec, "spec", &mut unbounded);
    assert_eq!(unbounded, Vec::<String>::new());
}

fn find_unbounded(schema: &serde_json::Value, path: &str, unbounded: &mut Vec<String>) {
    let missing = match schema["type"].as_str() {
        Some("string") => schema["maxLength"].is_null() && schema["enum"].is_null(),
        Some("array") => schema["maxItems"].is_null(),
        Some("integer") => schema["maximum"].is_null() || schema["format"] != "int32",
        _ => false,
    };
    if missing {
        unbounded.push(path.to_owned());
    }
    if schema["type"] == "array" {
        find_unbounded(&schema["items"], &format!("{path}[]"), unbounded);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        find_unbounded(property, &format!("{path}.{name}"), unbounded);
    }
}
