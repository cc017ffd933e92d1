//! Properties of all OpenAPI documents that generators of clients and readers rely on.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;
use serde_json::Value;

const SERVICES: [&str; 3] = ["auth", "product", "order"];

/// The operations without a token. An entry here is a decision that the operation is public.
const PUBLIC: [&str; 9] = [
    "get /api/v1/auth/.well-known/jwks.json",
    "post /api/v1/auth/login",
    "post /api/v1/auth/refresh",
    "post /api/v1/auth/register",
    "post /api/v1/auth/token",
    // The token of a message identifies the account.
    "post /api/v1/auth/password/forgot, post /api/v1/auth/password/reset, post /api/v1/auth/email/verify",
    "get /api/v1/payment-methods",
    "post /api/v1/payments/webhooks/{provider}",
    // With a token, their responses contain more.
    "get /api/v1/products, get /api/v1/products/{id}",
];

struct Operation {
    name: String,
    value: Value,
}

fn document(service: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../services")
        .join(service)
        .join("openapi.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, value)| Operation {
                name: format!("{method} {path}"),
                value: value.clone(),
            })
        })
        .collect();
    assert!(operations.len() > 5);
    operations
}

/// Every `$ref` below a value.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The value that a reference within the document names.
fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

#[test]
fn every_reference_resolves() {
    for service in SERVICES {
        let document = document(service);
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            assert!(
                resolve(&document, reference).is_some(),
                "{service}: {reference}"
            );
        }
    }
}

#[test]
fn every_error_is_a_problem() {
    for service in SERVICES {
        for Operation { name, value } in operations(&document(service)) {
            for (status, answer) in value["responses"].as_object().unwrap() {
                let content = answer["content"].as_object();
                let kinds: Vec<_> = content
                    .into_iter()
                    .flat_map(|content| content.keys())
                    .collect();
                if status.starts_with('2') {
                    assert!(!kinds.contains(&&PROBLEM.to_owned()), "{name}: {status}");
                } else {
                    assert_eq!(kinds, [PROBLEM], "{name}: {status}");
                    let schema = &answer["content"][PROBLEM]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{name}: {status}");
                }
            }
        }
    }
}

const PROBLEM: &str = "application/problem+json";

/// A code in a description must be one that the services send; another name in backticks must be a field of theirs.
#[test]
fn every_code_in_a_description_is_sent() {
    let sources: String = repository::files()
        .unwrap()
        .into_iter()
        .filter(|file| file.path.starts_with("services") || file.path.starts_with("libs"))
        .filter(|file| {
            file.path
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .map(|file| without_documents(&file.text))
        .collect();
    let mut named = 0;
    for service in SERVICES {
        for Operation { name, value } in operations(&document(service)) {
            for (status, answer) in value["responses"].as_object().unwrap() {
                let description = answer["description"].as_str().unwrap();
                for code in description.split('`').skip(1).step_by(2) {
                    let is_code = code
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    if status.starts_with('2') || !is_code {
                        continue;
                    }
                    let sent = sources.contains(&format!("\"{code}\""));
                    let is_field = sources.contains(&format!("    {code}: "));
                    assert!(sent || is_field, "{name}, {status}: {code}");
                    named += 1;
                }
            }
        }
    }
    assert!(named > 50, "{named}");
}

/// The source without the lines that only describe responses.
fn without_documents(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("description = "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_body_has_an_example() {
    for service in SERVICES {
        let document = document(service);
        for Operation { name, value } in operations(&document) {
            for (kind, content) in value["requestBody"]["content"]
                .as_object()
                .into_iter()
                .flatten()
            {
                let schema = content["schema"]["$ref"].as_str();
                let schema = schema.and_then(|reference| resolve(&document, reference));
                let shown = [Some(content), schema].into_iter().flatten();
                assert!(
                    shown
                        .into_iter()
                        .any(|place| place.get("example").is_some()),
                    "{name}: {kind}"
                );
            }
        }
    }
}

#[test]
fn every_operation_says_who_may_call_it() {
    let public: BTreeSet<&str> = PUBLIC
        .into_iter()
        .flat_map(|names| names.split(", "))
        .collect();
    let mut open = BTreeSet::new();
    for service in SERVICES {
        let document = document(service);
        assert_eq!(document["servers"][0]["url"], "/", "{service}");
        for Operation { name, value } in operations(&document) {
            let security = value["security"].as_array();
            let security = security.unwrap_or_else(|| panic!("{name} has no security"));
            if security.is_empty() || security.contains(&serde_json::json!({})) {
                open.insert(name);
            }
        }
    }
    assert_eq!(
        open.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        public
    );
}

/// The document has the 403 of the permission that an attribute names, and the handler checks the one of its signature.
#[test]
fn every_operation_documents_the_permission_that_its_handler_requires() {
    let operation = r"(?s)#\[utoipa::path\((.*?)\n\)\]\n[a-z()]+ async fn ([a-z_]+)\((.*?)\) -> ";
    let operation = Regex::new(operation).unwrap();
    let permission = Regex::new("(Requires|Permitted)<[A-Za-z_:]+>").unwrap();
    let mut required = 0;
    for file in repository::files().unwrap() {
        if !file.path.starts_with("services") {
            continue;
        }
        let annotated = file.text.matches("#[utoipa::path(").count();
        let read = operation.captures_iter(&file.text).count();
        assert_eq!(read, annotated, "{}", file.path.display());
        for found in operation.captures_iter(&file.text) {
            let named = |text| permission.find(text).map(|found| found.as_str());
            let (documented, checked) = (named(&found[1]), named(&found[3]));
            assert_eq!(documented, checked, "{}", &found[2]);
            required += usize::from(checked.is_some());
        }
    }
    assert!(required > 50, "{required}");
}

/// Auth has no feed of revocations: a permission by the token alone would outlive the session by a quarter of an hour.
#[test]
fn every_permission_of_auth_is_checked_against_its_database() {
    let files = repository::files().unwrap();
    let sources = files
        .iter()
        .filter(|file| file.path.starts_with("services/auth/src"));
    let by_token = sources.filter(|file| file.text.contains("Requires<"));
    let by_token: Vec<_> = by_token
        .map(|file| file.path.display().to_string())
        .collect();
    assert_eq!(by_token, ["services/auth/src/http/permitted.rs"]);
}
