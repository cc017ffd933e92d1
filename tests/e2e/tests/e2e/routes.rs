//! The paths that are reachable from outside: every documented path, at its own service, and nothing else (OPERATOR 18).

use std::{fs, path::Path};

use e2e::{Answer, raw_http};
use k8s_openapi::api::networking::v1::Ingress;
use reqwest::Method;
use serde_json::{Map, Value};

use crate::stacks::calm;

const SERVICES: [&str; 3] = ["auth", "product", "order"];

/// The paths of a service's committed OpenAPI document, each with its methods.
fn documented(service: &str) -> Vec<(String, Vec<String>)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../services/{service}/openapi.json"));
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run make gen", file.display()));
    let document: Value = serde_json::from_str(&text).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(!paths.is_empty(), "{service} documents no path");
    let methods = |operations: &Map<String, Value>| {
        operations.keys().map(|name| name.to_uppercase()).collect()
    };
    paths
        .iter()
        .map(|(path, operations)| (path.clone(), methods(operations.as_object().unwrap())))
        .collect()
}

/// A path with an example in place of each parameter.
fn example(path: &str) -> String {
    let segment = |segment: &str| {
        if segment.starts_with('{') {
            "example".to_owned()
        } else {
            segment.to_owned()
        }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_documented_path_is_answered_by_its_own_service() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    let ingress = calm.namespace.api::<Ingress>().get("calm").await.unwrap();
    let mut wrong = Vec::new();
    for service in SERVICES {
        for (path, methods) in documented(service) {
            let backend = backend(&ingress, &example(&path));
            if backend.as_deref() != Some(&format!("calm-{service}")) {
                wrong.push(format!("{path} of {service} goes to {backend:?}"));
            }
            // No service has this method: the one that has the path answers 405 and lists its methods, all others 404.
            let addresses = [path.clone(), path.replacen("/api/v1/", "/api/", 1)];
            for address in addresses.map(|address| example(&address)) {
                let brew = Method::from_bytes(b"BREW").unwrap();
                let answer = Answer::of(shop.request(brew, &address)).await.unwrap();
                let allowed = answer.header("allow").unwrap_or_default();
                if answer.status != 405
                    || !methods
                        .iter()
                        .all(|method| allowed.contains(method.as_str()))
                {
                    wrong.push(format!(
                        "{address} of {service}: {} allowing {allowed:?}, not {methods:?}",
                        answer.status
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The Service that an Ingress names for a path: its longest prefix, in whole segments.
fn backend(ingress: &Ingress, path: &str) -> Option<String> {
    let rules = ingress.spec.as_ref()?.rules.as_ref()?;
    let paths = rules
        .iter()
        .filter_map(|rule| rule.http.as_ref())
        .flat_map(|http| &http.paths);
    let matching = paths.filter(|entry| {
        let prefix = entry.path.as_deref().unwrap_or_default();
        path == prefix || (entry.path_type == "Prefix" && path.starts_with(&format!("{prefix}/")))
    });
    let longest = matching.max_by_key(|entry| entry.path.as_ref().map(String::len))?;
    Some(longest.backend.service.as_ref()?.name.clone())
}

#[tokio::test]
async fn health_version_openapi_and_docs_of_each_service_are_public() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    for service in SERVICES {
        let health = shop
            .get(&format!("/api/v1/{service}/health"))
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert_eq!(health.json().unwrap()["status"], "up", "{}", health.body);
        let version = shop
            .get(&format!("/api/v1/{service}/version"))
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert_eq!(version.json().unwrap()["service"], service);
        let document = shop
            .get(&format!("/api/v1/{service}/openapi.json"))
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert!(
            document.json().unwrap()["openapi"]
                .as_str()
                .unwrap()
                .starts_with("3.1")
        );
        let docs = shop
            .get(&format!("/api/v1/{service}/docs/"))
            .await
            .unwrap()
            .expect(200)
            .unwrap();
        assert!(docs.body.contains("swagger-ui"), "{}", docs.body);
    }
}

#[tokio::test]
async fn nothing_internal_is_reachable_from_outside() {
    const INTERNAL: [&str; 8] = [
        "internal/reservations",
        "internal/reservations/commit",
        "internal/reservations/release",
        "internal",
        "metrics",
        "livez",
        "readyz",
        "startupz",
    ];
    // The paths are tried as they are, below each prefix, and with dots, slashes and their encodings.
    const WAYS: [&str; 12] = [
        "/",
        "//",
        "/./",
        "/api/",
        "/api/v1/",
        "/api/v1/product/",
        "/api/v1/products/",
        "/api/v1/products/../../../",
        "/api/v1/products/..%2f..%2f..%2f",
        "/api/v1/products/%2e%2e/%2e%2e/%2e%2e/",
        "/api/v1/orders/..;/..;/",
        "/api/v1/auth/%2e%2e%2f%2e%2e%2f%2e%2e%2f",
    ];
    let calm = calm().await;
    let host = calm.stack.host();
    let mut reached = Vec::new();
    for way in WAYS {
        for path in INTERNAL {
            let target = format!("{way}{path}");
            let answer = raw_http::get(&host, &target).await.unwrap();
            if !matches!(answer.status, 400 | 404) {
                reached.push(format!("{target}: {}", answer.text));
            }
        }
    }
    assert!(reached.is_empty(), "{}", reached.join("\n"));
}

#[tokio::test]
async fn a_shop_answers_under_its_own_host_only() {
    let calm = calm().await;
    let vendor = calm.stack.shop().unwrap().register("vendor").await.unwrap();
    let product = vendor.sells("Egg cup", "3.00", 1).await.unwrap();
    let path = format!("/api/v1/products/{}", product.id);
    assert_eq!(
        raw_http::get(&calm.stack.host(), &path)
            .await
            .unwrap()
            .status,
        200
    );
    let answer = raw_http::get("unknown.localhost", &path).await.unwrap();
    assert_eq!(answer.status, 404, "{}", answer.text);
}

#[tokio::test]
async fn short_paths_exist_only_if_the_stack_enables_them() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    for path in ["/products", "/orders"] {
        assert_eq!(shop.get(path).await.unwrap().status, 404, "{path}");
    }
}
