//! The patterns and enumerations of the schema: what each takes and what it refuses. The API server reads them as
//! regular expressions of Go, which mean the same for what is used here.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use regex::Regex;
use serde_json::Value;

/// The schema of a field of the spec, by its path.
fn field(path: &str) -> Value {
    let definition: Value =
        serde_yaml::from_str(&ecommercestack_crds::definition_yaml().unwrap()).unwrap();
    let pointer = path.replace('.', "/properties/").replace("[]", "/items");
    definition
        .pointer(&format!(
            "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/{pointer}"
        ))
        .unwrap_or_else(|| panic!("no field {path}"))
        .clone()
}

#[track_caller]
fn check(path: &str, accepted: &[&str], refused: &[&str]) {
    let schema = field(path);
    let pattern = Regex::new(schema["pattern"].as_str().unwrap()).unwrap();
    let longest = usize::try_from(schema["maxLength"].as_u64().unwrap()).unwrap();
    let takes = |text: &str| text.len() <= longest && pattern.is_match(text);
    for text in accepted {
        assert!(takes(text), "{path} refuses {text}");
    }
    for text in refused {
        assert!(!takes(text), "{path} takes {text}");
    }
}

#[test]
fn hosts_are_names_of_short_labels() {
    let (longest, too_long) = ("a".repeat(63), "a".repeat(70));
    let (longest, too_long) = (
        format!("{longest}.example.com"),
        format!("{too_long}.example.com"),
    );
    check(
        "ingress.host",
        &["shop.localhost", "localhost", "3d.example.com", &longest],
        &[
            "not a host",
            "Shop.example.com",
            "10.0.0.1",
            "127.0.0.1",
            "::1",
            "shop.example.1",
            "*.example.com",
            "-a.example",
            "a-.example",
            "a..example",
            "shop.example.com:8080",
            "https://shop",
            &too_long,
        ],
    );
}

#[test]
fn images_are_references_that_a_runtime_can_read() {
    let digest = format!("registry.example.com/shop/auth@sha256:{}", "a".repeat(64));
    for path in [
        "components.auth.image",
        "components.product.image",
        "components.order.image",
        "database.managed.image",
    ] {
        check(
            path,
            &[
                "auth",
                "auth:1",
                "docker.io/ecommercestack/auth:0.1.0",
                "localhost:5000/auth:0.1.0-rc_1",
                "a/b__c/d-e.f:V1",
                &digest,
            ],
            &[
                "a:b:c",
                "Upper/Case:1",
                "https://r/auth",
                "auth:",
                "auth@sha256:1",
                "/auth",
                "auth/",
                "a//b",
                "a/b:1/c",
                "two words",
                "auth:-1",
                "a..b/c",
            ],
        );
    }
}

#[test]
fn registries_are_hosts_with_paths() {
    check(
        "image.registry",
        &[
            "docker.io/ecommercestack",
            "localhost:5000",
            "localhost:5000/shop",
            "ecommercestack",
            "10.0.0.1:5000/a/b",
        ],
        &[
            "https://r",
            "a/b:1",
            "r/",
            "/r",
            "Registry.example.com",
            "a b",
            "a:b",
            "a..b",
            "r:5000000",
        ],
    );
}

#[test]
fn names_of_objects_are_subdomains() {
    for path in [
        "ingress.className",
        "ingress.tls.secretName",
        "ingress.tls.issuer.name",
        "database.managed.storage.className",
        "image.pullSecrets[].name",
    ] {
        check(
            path,
            &["a", "fast.example-1", &"a".repeat(63)],
            &["a..b", "a.-b", "-a", "A", "a_b", "", &"a".repeat(64)],
        );
    }
}

#[test]
fn currencies_are_those_in_circulation() {
    let schema = field("currency");
    let codes = schema["enum"].as_array().unwrap();
    for code in ["USD", "EUR", "JPY"] {
        assert!(codes.contains(&code.into()), "{code}");
    }
    for code in ["ZZZ", "XXX", "HRK", "usd"] {
        assert!(!codes.contains(&code.into()), "{code}");
    }
}
