//! Which folder or file of the operator may name which, read from the sources: in one order, without cycles.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{collections::BTreeSet, path::Path};

use repository::arrows::{self, Source};

/// The operator's folders and the files beside them. Each names only those of rows before its own.
const ROWS: [&[&str]; 15] = [
    &["component", "fingerprint"],
    &["randomness", "validate"],
    &["kube"],
    &["credentials"],
    &["components", "network"],
    &["fetched"],
    &["database"],
    &["release"],
    &["build"],
    &["apply"],
    &["status"],
    &["config", "fetch", "http", "pace", "render"],
    &["reconcile"],
    &["controller"],
    &["run"],
];

/// The list of modules, and the process: they decide nothing.
const ROOTS: [&str; 2] = ["lib", "main"];

fn sources() -> Vec<Source> {
    let mut found = arrows::sources(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    found.retain(|source| !ROOTS.contains(&source.module[0].as_str()));
    found
}

#[test]
fn each_names_only_what_is_of_rows_before_its_own() {
    for source in sources() {
        let broken = violations(&source);
        let module = source.module.join("/");
        assert!(broken.is_empty(), "{module} must not name {broken:?}");
    }
}

#[test]
fn every_folder_and_every_file_beside_them_has_its_row() {
    let sources = sources();
    let there: BTreeSet<&str> = sources
        .iter()
        .map(|source| source.module[0].as_str())
        .collect();
    let known: Vec<&str> = ROWS.into_iter().flatten().copied().collect();
    assert_eq!(there, known.iter().copied().collect());
    assert_eq!(there.len(), known.len(), "one has two rows");
    // A reader of sources that finds no names would find no violation either.
    let reconcile = sources.iter().find(|source| source.module == ["reconcile"]);
    let named = named(reconcile.unwrap());
    for module in [
        "apply", "build", "database", "kube", "release", "status", "validate",
    ] {
        assert!(named.contains(module), "{module}");
    }
}

#[test]
fn a_violation_is_seen() {
    let seen = |module: &str, text: &str| violations(&Source::new(Path::new(module), text));
    assert_eq!(
        seen(
            "kube/stores",
            "use crate::{\n    fetch::Live,\n    validate::ValidStack,\n};"
        ),
        ["fetch"]
    );
    assert_eq!(
        seen(
            "kube/lease/election",
            "use super::super::super::http::Readiness;"
        ),
        ["http"]
    );
    assert_eq!(
        seen(
            "database/deleted_stacks",
            "use super::super::{status::Finding, kube::locks::Locks};"
        ),
        ["status"]
    );
    assert_eq!(
        seen(
            "components/budgets",
            "fn size() { crate::network::services::services() }"
        ),
        ["network"],
        "neither of one row names the other"
    );
    assert_eq!(
        seen(
            "release",
            "use crate::{database::{restart, retention}, status, apply::{Applied}};"
        ),
        ["apply", "status"]
    );
    assert_eq!(
        seen("status/quota", "use crate::somewhere::Part;"),
        ["somewhere"]
    );

    let nothing = Vec::<String>::new();
    assert_eq!(
        seen(
            "status/quota",
            "use super::{Finding, super::build::Desired};\nuse kube::Client;"
        ),
        nothing
    );
    assert_eq!(
        seen(
            "kube/live",
            "//! For crate::status.\nuse crate::kube::labels;\n\n#[cfg(test)]\nmod tests { use crate::build; }"
        ),
        nothing
    );
}

/// The names in a source that are not in a row before its own.
fn violations(source: &Source) -> Vec<String> {
    let own = source.module[0].as_str();
    let row = |name: &str| ROWS.iter().position(|row| row.contains(&name));
    let may = |name: &&str| *name == own || row(name).is_some_and(|of| Some(of) < row(own));
    let mut broken = named(source);
    broken.retain(|name| !may(&name.as_str()));
    broken.into_iter().collect()
}

/// The folders and files beside them that a source names.
fn named(source: &Source) -> BTreeSet<String> {
    let paths = source.paths().into_iter();
    paths.filter_map(|path| path.into_iter().next()).collect()
}
