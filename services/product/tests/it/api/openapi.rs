//! The committed OpenAPI document is the one that the code makes.

use std::collections::HashSet;

use product::http::openapi;

#[test]
fn the_committed_document_is_up_to_date() {
    let made = openapi().to_pretty_json().unwrap();
    let committed = include_str!("../../../openapi.json");
    assert_eq!(
        made.trim(),
        committed.trim(),
        "services/product/openapi.json has drifted; run make gen"
    );
}

#[test]
fn every_operation_has_an_id_of_its_own_and_says_how_it_fails() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut ids = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{method} {path}"
            );
            assert!(
                operation["responses"].get("503").is_some(),
                "{method} {path}"
            );
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    assert_eq!(ids.len(), 18);
}
