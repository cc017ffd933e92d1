//! Which folder or file of the operator may name which, read from the sources: no circles, and one order for all of them.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{collections::BTreeSet, fs, path::Path};

/// The operator's folders and the files beside them. Each names only those of rows before its own.
const ROWS: [&[&str]; 15] = [
    &["chain", "component", "fingerprint"],
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

/// A file: its module's path from the root, and its code without comments and tests.
struct Source {
    module: Vec<String>,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let module = path.strip_prefix(&root).unwrap().with_extension("");
            let segments = module.iter().map(|part| part.to_str().unwrap().to_owned());
            found.push(Source {
                module: segments.collect(),
                code: code(&fs::read_to_string(&path).unwrap()),
            });
        }
    }
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
    assert!(named(reconcile.unwrap()).is_superset(&BTreeSet::from([
        "apply", "build", "database", "kube", "release", "status", "validate",
    ])));
}

#[test]
fn a_violation_is_seen() {
    let seen = |module: &str, text: &str| {
        let source = Source {
            module: module.split('/').map(str::to_owned).collect(),
            code: code(text),
        };
        violations(&source)
    };
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

/// What a source names although it is not of a row before its own.
fn violations(source: &Source) -> Vec<String> {
    let own = source.module[0].as_str();
    let row = |name: &str| ROWS.iter().position(|row| row.contains(&name));
    let may = |name: &&str| *name == own || row(name).is_some_and(|of| Some(of) < row(own));
    let broken = named(source).into_iter().filter(|name| !may(name));
    broken.map(str::to_owned).collect()
}

/// The folders and files beside them that a source names, by paths from `crate` or from `super`.
fn named(source: &Source) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for (root, depth) in [("crate::", 0), ("super::", source.module.len() - 1)] {
        for (at, _) in source.code.match_indices(root) {
            let before = source.code[..at].chars().next_back();
            let is_part = |character: char| character.is_alphanumeric() || "_:".contains(character);
            if !before.is_some_and(is_part) {
                heads(&source.code[at + root.len()..], depth, &mut found);
            }
        }
    }
    found
}

/// The first names of a path, or of a group of paths, that begins `depth` modules below the root.
fn heads<'a>(text: &'a str, depth: usize, found: &mut BTreeSet<&'a str>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        for member in members(group) {
            heads(member, depth, found);
        }
    } else if let Some(rest) = text.strip_prefix("super::") {
        heads(rest, depth - 1, found);
    } else if depth == 0 {
        let end = text.find(|character: char| !character.is_alphanumeric() && character != '_');
        found.insert(&text[..end.unwrap_or(text.len())]);
    }
}

/// The members of a group, up to its closing brace.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut members) = (0_u32, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                members.push(&group[from..at]);
                break;
            }
            ',' if depth == 0 => {
                members.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

/// Without comments, and without the tests that end a file.
fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod tests {");
    let text = &text[..tests.unwrap_or(text.len())];
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}
