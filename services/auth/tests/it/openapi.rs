//! The committed document is the one that the code generates.

use std::collections::HashSet;

use auth::http;
use serde_json::{Value, json};

fn document() -> String {
    format!("{}\n", http::openapi().to_pretty_json().unwrap())
}

#[test]
fn the_committed_document_is_current() {
    assert!(
        document() == include_str!("../../openapi.json"),
        "services/auth/openapi.json is out of date: run make gen"
    );
}

#[test]
fn every_operation_has_a_unique_id_and_its_security() {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let mut ids = HashSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let prefixes = [
                "admin/audit-log",
                "api-keys",
                "auth/",
                "permissions",
                "roles",
                "users",
            ];
            let path_below = path.strip_prefix("/api/v1/").unwrap();
            assert!(
                prefixes.iter().any(|prefix| path_below.starts_with(prefix)),
                "{path}"
            );
            let id = operation["operationId"].as_str().unwrap();
            assert!(
                ids.insert(id.to_owned()),
                "{method} {path} shares the id {id}"
            );
            let refused = operation["responses"].get("401").is_some();
            let names_a_caller = operation["security"] != json!([]);
            assert!(
                refused || !names_a_caller,
                "{method} {path} needs a token and never says 401"
            );
        }
    }
    assert_eq!(ids.len(), 53);
}
