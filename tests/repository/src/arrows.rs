//! The imports between the parts of a crate, read from its sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

/// The libraries of this repository that a part of a crate may name only if its layer allows it.
pub const LIBRARIES: [&str; 9] = [
    "access",
    "clock",
    "db",
    "idempotency",
    "ids",
    "money",
    "telemetry",
    "web",
    "webhooks",
];

/// The libraries of this repository that any part may name.
pub const FREE_LIBRARIES: [&str; 7] = [
    "audit",
    "audit-log",
    "erasure",
    "fail-points",
    "postal",
    "text",
    "worker",
];

/// A file of a crate: its module's path from the root, and its code without comments and tests.
pub struct Source {
    pub module: Vec<String>,
    pub code: String,
}

/// The paths that a layer may name.
pub struct May<L: 'static> {
    /// The layers of its own crate.
    pub layers: &'static [L],
    /// The paths within the libraries of this repository.
    pub ours: &'static [&'static str],
    /// External crates that it must not name.
    pub never: &'static [&'static str],
}

impl<L: PartialEq> May<L> {
    /// The paths that this source names and its layer must not name.
    pub fn violations(&self, source: &Source, layer_of: impl Fn(&[String]) -> L) -> Vec<String> {
        let paths = source.paths().into_iter();
        let mut broken: BTreeSet<String> = paths
            .filter(|path| !self.layers.contains(&layer_of(path)))
            .map(|path| format!("crate::{}", path.join("::")))
            .collect();
        let others = without_own_imports(&source.code);
        for library in LIBRARIES {
            for path in named(&others, library) {
                let item = path.first().map_or("", String::as_str);
                let allowed = |may: &&str| *may == library || *may == format!("{library}::{item}");
                if !self.ours.iter().any(allowed) {
                    broken.insert(format!("{library}::{item}"));
                }
            }
        }
        let never = self.never.iter().copied();
        let outside = never.filter(|name| !named(&others, name).is_empty());
        broken.extend(outside.map(str::to_owned));
        broken.into_iter().collect()
    }
}

impl Source {
    /// `module` is the module's path, such as `orders/model/order`.
    pub fn new(module: &Path, text: &str) -> Self {
        let segments = module
            .iter()
            .map(|part| part.to_string_lossy().into_owned());
        Self {
            module: segments.collect(),
            code: code(text),
        }
    }

    /// The paths within its own crate that the source names, from the root.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = named(&self.code, "crate");
        for path in named(&self.code, "super") {
            let up = path.iter().take_while(|part| *part == "super").count();
            let at = self.module.len().saturating_sub(up + 1);
            let own = self.module[..at].iter();
            paths.push(own.chain(&path[up..]).cloned().collect());
        }
        paths
    }
}

/// The sources of the crate in this folder.
///
/// # Errors
/// If one cannot be read.
pub fn sources(krate: &Path) -> io::Result<Vec<Source>> {
    let root = krate.join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
                found.push(Source::new(&module, &fs::read_to_string(&path)?));
            }
        }
    }
    Ok(found)
}

/// The subjects that are part of an import cycle, or that import one that is.
pub fn circle(named: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut left = named.clone();
    loop {
        let done: Vec<String> = left
            .iter()
            .filter(|(_, others)| others.iter().all(|other| !left.contains_key(other)))
            .map(|(subject, _)| subject.clone())
            .collect();
        if done.is_empty() {
            return left.into_keys().collect();
        }
        for subject in done {
            left.remove(&subject);
        }
    }
}

/// Removes the imports from the own crate, since a folder may have the name of a library.
fn without_own_imports(code: &str) -> String {
    let own = |statement: &&str| {
        let statement = statement.trim_start();
        statement.starts_with("use crate::") || statement.starts_with("use super::")
    };
    let statements = code.split(';').filter(|statement| !own(statement));
    statements.collect::<Vec<_>>().join(";")
}

/// The code without comments, and without the tests at the end of a file.
fn code(text: &str) -> String {
    let tests = text.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| {
        text[*at..]
            .lines()
            .nth(1)
            .is_some_and(|line| line.contains('{'))
    });
    let text = tests.map_or(text, |(at, _)| &text[..at]);
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths after `root::`, with those in braces one by one.
fn named(code: &str, root: &str) -> Vec<Vec<String>> {
    let start = format!("{root}::");
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let before = code[..at].chars().next_back();
        if before
            .is_some_and(|character| character.is_alphanumeric() || matches!(character, '_' | ':'))
        {
            continue;
        }
        expand(&code[at + start.len()..], &mut Vec::new(), &mut paths);
    }
    paths
}

/// Adds the paths at the beginning of a text to `found`, each after `prefix`.
fn expand(text: &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        for member in members(group) {
            expand(member, &mut prefix.clone(), found);
        }
        return;
    }
    let segment: String = text
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect();
    let rest = text[segment.len()..].strip_prefix("::");
    if !segment.is_empty() && segment != "self" {
        prefix.push(segment);
    }
    match rest {
        Some(rest) => expand(rest, prefix, found),
        None => found.push(std::mem::take(prefix)),
    }
}

/// The members of a group, up to its closing brace.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut members) = (0_u32, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[from..at]);
                break;
            }
            '}' => depth -= 1,
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
