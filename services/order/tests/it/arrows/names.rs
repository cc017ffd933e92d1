//! The paths that a source names, read from its text.

/// Without comments, and without the tests that end a file.
pub fn code(text: &str) -> String {
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

/// The paths behind `root::`, those in braces one by one.
pub fn named(code: &str, root: &str) -> Vec<Vec<String>> {
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

/// Adds the paths that a text begins with to those found, each behind `prefix`.
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
