//! The table of routes against the OpenAPI documents of the services: each public path leads to its own service,
//! nothing internal is reachable, and no row is ambiguous (OPERATOR 18).

use ecommercestack_operator::{
    component::Application,
    network::ingress::{PathMatch, routes},
};
use serde_json::Value;
use std::{fs, path::Path};

/// The service of a path, by the Ingress v1 rules: exact first, then the longest prefix, element by element.
fn answers(path: &str) -> Option<Application> {
    let rows = routes(true);
    let exact = rows
        .iter()
        .find(|row| row.matched == PathMatch::Exact && row.path == path);
    let below = |own: &str| path == own || path.starts_with(&format!("{own}/"));
    let prefix = || {
        rows.iter()
            .filter(|row| row.matched == PathMatch::Prefix && below(&row.path))
            .max_by_key(|row| row.path.len())
    };
    exact.or_else(prefix).map(|row| row.application)
}

fn documented(application: Application) -> Vec<String> {
    let file = format!("../services/{}/openapi.json", application.into_str());
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file));
    let document: Value = serde_json::from_str(&text.expect("make gen writes it")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    paths.keys().cloned().collect()
}

#[test]
fn every_documented_path_leads_to_its_service() {
    for application in Application::ALL {
        let paths = documented(application);
        assert!(!paths.is_empty());
        for path in paths {
            assert_eq!(answers(&path), Some(application), "{path}");
            let alias = path.replacen("/api/v1/", "/api/", 1);
            assert_eq!(answers(&alias), Some(application), "{alias}");
        }
    }
}

#[test]
fn what_every_service_offers_is_told_apart() {
    for application in Application::ALL {
        for page in ["health", "openapi.json", "docs", "version"] {
            let path = format!("/api/v1/{}/{page}", application.into_str());
            assert_eq!(answers(&path), Some(application), "{path}");
        }
    }
    assert_eq!(answers("/.well-known/jwks.json"), Some(Application::Auth));
}

/// Paths of clients of earlier APIs.
#[test]
fn the_health_of_every_subject_has_an_address_without_a_version() {
    for (subject, application) in [
        ("auth", Application::Auth),
        ("products", Application::Product),
        ("orders", Application::Order),
        ("notifications", Application::Order),
    ] {
        let path = format!("/api/{subject}/health");
        assert_eq!(answers(&path), Some(application), "{path}");
    }
    assert_eq!(answers("/api/notifications"), None);
}

#[test]
fn users_roles_and_keys_are_auths_and_other_paths_of_administrators_are_not() {
    for path in [
        "users/me",
        "roles",
        "permissions",
        "api-keys/exchange",
        "admin/audit-log",
    ] {
        for root in ["/api/v1", "/api"] {
            let path = format!("{root}/{path}");
            assert_eq!(answers(&path), Some(Application::Auth), "{path}");
        }
    }
    for path in ["/api/v1/admin", "/api/v1/admin/stats", "/users", "/roles"] {
        assert_eq!(answers(path), None, "{path}");
    }
}

#[test]
fn nothing_internal_is_reachable() {
    for path in [
        "/",
        "/internal/reservations",
        "/livez",
        "/readyz",
        "/startupz",
        "/metrics",
        "/api/v1",
        "/api/v1/authority",
    ] {
        assert_eq!(answers(path), None, "{path}");
    }
}
