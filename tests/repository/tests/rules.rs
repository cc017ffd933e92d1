//! Code cites the rules that it implements, such as `ORDERS 7`, and decisions, such as `ADR 6`: each citation names an existing
//! rule or decision, and each rule is cited or marked as planned.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use repository::{File, files, root};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The documents of rules, by the name in citations.
const RULES: [(&str, &str); 2] = [
    ("ORDERS ", "docs/rules/orders.md"),
    ("OPERATOR ", "docs/rules/operator.md"),
];
const DECISION: &str = "ADR ";

/// The rules of a document by number.
fn rules(document: &str) -> BTreeMap<u32, String> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let mut rules = BTreeMap::<u32, String>::new();
    for line in text.lines() {
        let numbered = line.split_once(". ").and_then(|(number, rule)| {
            let number = number.parse().ok()?;
            Some((number, rule))
        });
        if let Some((number, rule)) = numbered {
            let before = rules.insert(number, rule.to_owned());
            assert_eq!(before, None, "{document} has two rules {number}");
        } else if let Some(mut rule) = rules.last_entry()
            && line.starts_with("   ")
        {
            rule.get_mut().push_str(line);
        }
    }
    let expected: Vec<u32> = (1..).take(rules.len()).collect();
    let numbers: Vec<u32> = rules.keys().copied().collect();
    assert_eq!(numbers, expected, "{document}");
    rules
}

fn decisions() -> BTreeSet<u32> {
    let folder = fs::read_dir(root().join("docs/adr")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| name.split('-').next().unwrap().parse().unwrap())
        .collect()
}

/// The numbers of a document that a line cites: `ORDERS 8, 14` cites two.
fn cited(document: &str, line: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(document) {
        let before = line[..at].chars().next_back();
        if before.is_none_or(|before| !before.is_alphanumeric() && before != '_') {
            found.extend(numbers(&line[at + document.len()..]));
        }
    }
    found
}

/// The list of numbers at the beginning of a text.
fn numbers(mut text: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    loop {
        let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let Ok(number) = text[..text.len() - rest.len()].parse() else {
            return numbers;
        };
        numbers.push(number);
        let next = rest
            .strip_prefix(", ")
            .or_else(|| rest.strip_prefix(" and "));
        text = next.unwrap_or_default();
    }
}

/// All files but the rules themselves, and this one.
fn citing() -> impl Iterator<Item = File> {
    let all = files().unwrap().into_iter();
    all.filter(|file| !file.path.starts_with("docs/rules") && file.path != Path::new(file!()))
}

#[test]
fn a_citation_is_parsed_with_all_of_its_numbers() {
    assert_eq!(
        cited("ORDERS ", "// ORDERS 8, 14 and 22: as said"),
        [8, 14, 22]
    );
    assert_eq!(
        cited("OPERATOR ", "(OPERATOR 12, ADR 6). OPERATOR 3"),
        [12, 3]
    );
    assert_eq!(
        cited("ORDERS ", "CREATE INDEX ON ORDERS (id); MY_ORDERS 4"),
        []
    );
}

#[test]
fn every_citation_names_an_existing_rule_or_decision() {
    let mut known: Vec<(&str, BTreeSet<u32>)> = RULES
        .iter()
        .map(|(name, document)| (*name, rules(document).into_keys().collect()))
        .collect();
    known.push((DECISION, decisions()));
    let mut missing = Vec::new();
    let mut found = 0;
    for file in citing() {
        for (number, line) in file.text.lines().enumerate() {
            for (document, known) in &known {
                let cited = cited(document, line);
                found += cited.len();
                let unknown = cited.iter().filter(|cited| !known.contains(cited));
                missing.extend(unknown.map(|cited| {
                    format!(
                        "{}:{} cites {document}{cited}",
                        file.path.display(),
                        number + 1
                    )
                }));
            }
        }
    }
    assert!(found > 100, "only {found} citations were found");
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_rule_is_cited_or_marked_as_planned() {
    let mut uncited = Vec::new();
    for (name, document) in RULES {
        let lines = citing().flat_map(|file| {
            let lines = file.text.lines().map(str::to_owned);
            lines.collect::<Vec<_>>()
        });
        let cited: BTreeSet<u32> = lines.flat_map(|line| cited(name, &line)).collect();
        let rules = rules(document).into_iter();
        let unkept =
            rules.filter(|(number, rule)| !cited.contains(number) && !rule.contains("*Planned"));
        uncited.extend(unkept.map(|(number, rule)| format!("{name}{number}: {rule}")));
    }
    assert_eq!(uncited, Vec::<String>::new());
}
