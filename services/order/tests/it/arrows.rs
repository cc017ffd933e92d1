//! domain ← ports ← application ← adapters: who may name whom, read from the sources.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

struct Layer {
    name: &'static str,
    /// Modules of this crate that it may name.
    modules: &'static [&'static str],
    /// Our libraries, as the paths that it may name of them.
    ours: &'static [&'static str],
    /// Crates of the outside that it may not name.
    never: &'static [&'static str],
}

const OUTSIDE: &[&str] = &["axum", "reqwest", "sqlx", "utoipa", "garde", "clap"];

const LAYERS: &[Layer] = &[
    Layer {
        name: "domain",
        modules: &["domain"],
        ours: &["money", "web::id!"],
        never: &[
            "axum", "reqwest", "sqlx", "utoipa", "garde", "clap", "tokio", "tracing", "metrics",
        ],
    },
    Layer {
        name: "ports",
        modules: &["domain", "ports"],
        ours: &["money"],
        never: OUTSIDE,
    },
    Layer {
        name: "application",
        modules: &["domain", "ports", "application", "fail_point"],
        ours: &[
            "money",
            "telemetry::TraceContext",
            "web::clock",
            "web::idempotency",
            "web::current_trace",
            "web::in_trace",
        ],
        never: OUTSIDE,
    },
    Layer {
        name: "adapters/http",
        modules: &["domain", "ports", "application", "app"],
        ours: &["money", "web"],
        never: &["reqwest", "sqlx"],
    },
    Layer {
        name: "adapters/postgres",
        modules: &["domain", "ports", "fail_point"],
        ours: &["money", "postgres", "web::clock"],
        never: &["axum", "reqwest"],
    },
    Layer {
        name: "adapters/catalog_http",
        modules: &["domain", "ports"],
        ours: &["money", "web::internal", "web::current_trace"],
        never: &["axum", "sqlx"],
    },
    Layer {
        name: "adapters/payments",
        modules: &["domain", "ports"],
        ours: &[
            "money",
            "postgres",
            "web::clock",
            "web::json",
            "web::signature",
        ],
        never: &["axum"],
    },
];

#[test]
fn the_arrows_point_inward() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for layer in LAYERS {
        let files = files_of(&source, layer.name);
        assert!(
            files.len() > 1,
            "{} has no files: this test looks in the wrong place",
            layer.name
        );
        for file in files {
            let broken = violations(layer, &fs::read_to_string(&file).unwrap());
            assert!(
                broken.is_empty(),
                "{} must not name {broken:?}",
                file.display()
            );
        }
    }
}

#[test]
fn an_arrow_outward_is_seen() {
    let [domain, ports, application, http, ..] = LAYERS else {
        panic!()
    };
    assert_eq!(
        violations(domain, "use crate::{domain::Order, ports::Orders};"),
        ["crate::ports"]
    );
    assert_eq!(violations(domain, "use sqlx::PgPool;"), ["sqlx"]);
    assert_eq!(
        violations(domain, "fn now() { web::clock::Clock::system(); }"),
        ["web::clock"]
    );
    assert_eq!(
        violations(ports, "use crate::application::PlaceOrder;"),
        ["crate::application"]
    );
    assert_eq!(
        violations(application, "let pool = crate::adapters::postgres::pool();"),
        ["crate::adapters"]
    );
    assert_eq!(
        violations(application, "use web::{Problem, clock::Clock};"),
        ["web::Problem"]
    );
    assert_eq!(
        violations(http, "use crate::adapters::postgres::PgOrders;"),
        ["crate::adapters"]
    );
    assert!(
        violations(
            domain,
            "//! Not of `sqlx::PgPool`, not of crate::ports.\nuse money::Money;"
        )
        .is_empty()
    );
}

fn files_of(source: &Path, layer: &str) -> Vec<PathBuf> {
    let mut files = vec![source.join(format!("{layer}.rs"))];
    let mut folders = vec![source.join(layer)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// The paths that this source names and its layer may not.
fn violations(layer: &Layer, source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut broken = BTreeSet::new();
    for module in named(&code, "crate") {
        if !layer.modules.contains(&module.as_str()) {
            broken.insert(format!("crate::{module}"));
        }
    }
    for library in ["web", "telemetry", "money", "postgres"] {
        for item in named(&code, library) {
            let allowed = |path: &&str| {
                *path == library || path.trim_end_matches('!') == format!("{library}::{item}")
            };
            if !layer.ours.iter().any(allowed) {
                broken.insert(format!("{library}::{item}"));
            }
        }
    }
    for name in layer.never {
        if !named(&code, name).is_empty() {
            broken.insert((*name).to_owned());
        }
    }
    broken.into_iter().collect()
}

/// The first segments after `root::`, also of a group in braces.
fn named(code: &str, root: &str) -> Vec<String> {
    let start = format!("{root}::");
    let mut names = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let before = code[..at].chars().next_back();
        if before
            .is_some_and(|character| character.is_alphanumeric() || matches!(character, '_' | ':'))
        {
            continue;
        }
        let rest = &code[at + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            names.extend(members(group));
        } else {
            names.push(identifier(rest));
        }
    }
    names
}

/// The first segment of each member of a group, up to its closing brace.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut member) = (0_u32, Vec::new(), String::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(identifier(std::mem::take(&mut member).trim())),
            _ if depth == 0 => member.push(character),
            _ => {}
        }
    }
    names.push(identifier(member.trim()));
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}
