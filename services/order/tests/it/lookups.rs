//! Statements that look rows up by key have no condition that a partial index of the same table shares: with outdated
//! statistics a plan scanned such an index completely (ORDERS 13). The statements are those of the committed query
//! data.

use std::fs;

/// The conditions of our partial indexes, and the keys that must not be combined with them.
const SHARED: &str = "finished_at IS NULL";
const KEYS: [&str; 3] = ["order_id = $", "order_id = ANY ($", "order_id = (SELECT"];

/// The conditions of a statement, one of each `WHERE`.
fn conditions(statement: &str) -> impl Iterator<Item = &str> {
    statement.split("WHERE ").skip(1).map(|rest| {
        let ends = [" RETURNING ", " ORDER BY ", " GROUP BY ", " LIMIT "];
        let end = ends.iter().filter_map(|end| rest.find(end)).min();
        &rest[..end.unwrap_or(rest.len())]
    })
}

fn breaks_the_rule(statement: &str) -> bool {
    let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    conditions(&statement)
        .any(|one| one.contains(SHARED) && KEYS.iter().any(|key| one.contains(key)))
}

#[test]
fn no_saga_is_looked_up_by_key_among_the_unfinished() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let mut looked_at = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let kept = fs::read_to_string(entry.unwrap().path()).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
        let statement = kept["query"].as_str().unwrap();
        looked_at += usize::from(statement.contains("sagas"));
        assert!(!breaks_the_rule(statement), "{statement}");
    }
    assert!(looked_at > 5, "this test looks in the wrong place");
}

#[test]
fn a_lookup_among_the_unfinished_is_seen() {
    for bad in [
        "UPDATE sagas SET due_at = now() WHERE order_id = $1 AND finished_at IS NULL",
        "SELECT fence FROM sagas\n WHERE finished_at IS NULL AND\n order_id = ANY ($1) ORDER BY order_id",
    ] {
        assert!(breaks_the_rule(bad), "{bad}");
    }
    for good in [
        "SELECT order_id FROM sagas WHERE finished_at IS NULL AND due_at <= now()",
        "UPDATE sagas SET attempts = 0 WHERE order_id = $1 RETURNING finished_at IS NULL",
    ] {
        assert!(!breaks_the_rule(good), "{good}");
    }
}
