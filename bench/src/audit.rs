//! The audit after a leg: it compares the clients' log with the databases. Each acknowledged order exists, is confirmed and
//! is as requested; no refused order exists; no order exists that was not requested; and the stock adds up.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use local_shop::Postgres;
use uuid::Uuid;

use crate::{
    catalogue::sku,
    log::{Entry, Outcome},
};

/// Product's own audit of stock.
const STOCK: &str = include_str!("../../services/product/audit.sql");
/// The number of violations of one kind that are shown.
const SHOWN: usize = 5;
/// The last id of the template's orders; later ids are of orders that a leg placed.
const TEMPLATE_END: &str = "01900000-ffff-ffff-ffff-ffffffffffff";

/// The databases to audit.
#[derive(Clone, Copy, Debug)]
pub struct Databases<'a> {
    pub postgres: &'a Postgres,
    pub product: &'a str,
    pub order: &'a str,
}

/// An order in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: Uuid,
    pub status: String,
    /// SKU and units, sorted by SKU.
    pub lines: Vec<(String, u32)>,
}

/// All violations; a leg is valid without any.
pub fn audit(databases: Databases<'_>, entries: &[Entry]) -> Result<Vec<String>> {
    let mut violations = compare(entries, &orders(databases)?);
    violations.extend(stock(databases)?);
    violations.extend(across(databases)?);
    Ok(violations)
}

/// Audits stock alone, for the denominators, whose orders are in no client's log.
pub fn stock(databases: Databases<'_>) -> Result<Vec<String>> {
    databases.postgres.psql(databases.product, STOCK)
}

fn orders(databases: Databases<'_>) -> Result<HashMap<String, Row>> {
    let rows = databases.postgres.psql(
        databases.order,
        "SELECT k.key, o.id, o.status, i.lines FROM idempotency_keys k LEFT JOIN orders o ON o.id = k.order_id
         LEFT JOIN (SELECT order_id, string_agg(sku || '*' || quantity, ' ' ORDER BY sku) AS lines FROM order_items GROUP BY order_id) i
             ON i.order_id = o.id
         WHERE k.key LIKE 'bench-%'",
    )?;
    rows.iter()
        .map(|row| parse(row).with_context(|| format!("cannot parse a row: {row}")))
        .collect()
}

/// Parses `key|id|status|SKU*units SKU*units`.
fn parse(row: &str) -> Option<(String, Row)> {
    let mut fields = row.split('|');
    let (key, id, status) = (fields.next()?, fields.next()?, fields.next()?);
    let lines = fields.next()?.split_whitespace().map(|line| {
        let (sku, units) = line.split_once('*')?;
        Some((sku.to_owned(), units.parse().ok()?))
    });
    let row = Row {
        id: id.parse().ok()?,
        status: status.to_owned(),
        lines: lines.collect::<Option<_>>()?,
    };
    Some((key.to_owned(), row))
}

/// Compares the two databases with each other, and orders with their keys.
fn across(databases: Databases<'_>) -> Result<Vec<String>> {
    let ids = |database: &str, statement: &str| -> Result<HashSet<String>> {
        let rows = databases.postgres.psql(database, statement)?;
        Ok(rows.into_iter().collect())
    };
    let committed = format!(
        "SELECT order_id FROM holds WHERE state = 'committed' AND order_id > '{TEMPLATE_END}'"
    );
    let confirmed =
        format!("SELECT id FROM orders WHERE status = 'confirmed' AND id > '{TEMPLATE_END}'");
    let keyless = "SELECT id FROM orders WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE order_id = orders.id)";
    let committed = ids(databases.product, &committed)?;
    let confirmed = ids(databases.order, &confirmed)?;
    let (unheld, unconfirmed) = (
        confirmed.difference(&committed),
        committed.difference(&confirmed),
    );
    let violations = [
        violation("confirmed without a committed hold", unheld),
        violation("a committed hold without a confirmed order", unconfirmed),
        violation("an order without a key", ids(databases.order, keyless)?),
    ];
    Ok(violations.into_iter().flatten().collect())
}

/// The violation with some of its cases, if there are any.
fn violation(what: &str, of: impl IntoIterator<Item: std::fmt::Display>) -> Option<String> {
    let all: Vec<String> = of.into_iter().map(|one| one.to_string()).collect();
    let shown = all[..all.len().min(SHOWN)].join(", ");
    (!all.is_empty()).then(|| format!("{} × {what}: {shown}", all.len()))
}

/// Compares the log with the orders, by key.
fn compare(entries: &[Entry], rows: &HashMap<String, Row>) -> Vec<String> {
    let (mut lost, mut other, mut open, mut wrong, mut unwanted) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let row = rows.get(&entry.key);
        if let Some(row) = row {
            if row.lines != requested(entry) {
                wrong.push(&entry.key);
            }
            if row.status != "confirmed" {
                open.push(&entry.key);
            }
        }
        match (&entry.outcome, row) {
            (Outcome::Acknowledged(_), None) => lost.push(&entry.key),
            (Outcome::Acknowledged(id), Some(row)) if row.id != *id => other.push(&entry.key),
            (Outcome::Refused(_) | Outcome::TurnedAway, Some(_)) => unwanted.push(&entry.key),
            (Outcome::Acknowledged(_) | Outcome::Unknown, _)
            | (Outcome::Refused(_) | Outcome::TurnedAway, None) => {}
        }
    }
    let known: HashSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    let strange = rows.keys().filter(|key| !known.contains(key.as_str()));
    let ids: HashSet<Uuid> = rows.values().map(|row| row.id).collect();
    let shared = || format!("{} keys share {} orders", rows.len(), ids.len());
    let violations = [
        violation("acknowledged and lost", lost),
        violation("acknowledged as another order", other),
        violation("not confirmed", open),
        violation("not as requested", wrong),
        violation("refused and carried out", unwanted),
        violation("never requested", strange),
        (ids.len() < rows.len()).then(shared),
    ];
    violations.into_iter().flatten().collect()
}

/// SKU and units of a requested order, sorted by SKU.
fn requested(entry: &Entry) -> Vec<(String, u32)> {
    let lines = entry.order.lines.iter();
    let mut lines: Vec<_> = lines.map(|line| (sku(line.0), line.1)).collect();
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Line, NewOrder};

    fn entry(key: &str, outcome: Outcome) -> Entry {
        Entry {
            key: key.to_owned(),
            order: NewOrder {
                customer: 1,
                lines: vec![Line(7, 2), Line(3, 1)],
            },
            outcome,
        }
    }

    fn row(id: u128) -> Row {
        let line = format!(
            "bench-1|{}|confirmed|P00003*1 P00007*2",
            Uuid::from_u128(id)
        );
        parse(&line).unwrap().1
    }

    fn found(entry: &Entry, row: Option<Row>) -> Vec<String> {
        let rows = row
            .map(|row| (entry.key.clone(), row))
            .into_iter()
            .collect();
        compare(std::slice::from_ref(entry), &rows)
    }

    #[test]
    fn an_acknowledged_order_exists_as_requested() {
        let acknowledged = entry("bench-1", Outcome::Acknowledged(Uuid::from_u128(5)));
        assert_eq!(found(&acknowledged, Some(row(5))), Vec::<String>::new());
        assert_eq!(
            found(&acknowledged, None),
            ["1 × acknowledged and lost: bench-1"]
        );
        assert_eq!(
            found(&acknowledged, Some(row(6))),
            ["1 × acknowledged as another order: bench-1"]
        );
        let open = Row {
            status: "pending".into(),
            ..row(5)
        };
        assert_eq!(
            found(&acknowledged, Some(open)),
            ["1 × not confirmed: bench-1"]
        );
        let less = Row {
            lines: vec![("P00003".into(), 1)],
            ..row(5)
        };
        assert_eq!(
            found(&acknowledged, Some(less)),
            ["1 × not as requested: bench-1"]
        );
    }

    #[test]
    fn a_refused_order_does_not_exist_and_an_unknown_one_may() {
        for outcome in [Outcome::Refused("out_of_stock".into()), Outcome::TurnedAway] {
            let refused = entry("bench-1", outcome);
            assert_eq!(found(&refused, None), Vec::<String>::new());
            assert_eq!(
                found(&refused, Some(row(5))),
                ["1 × refused and carried out: bench-1"]
            );
        }
        let unknown = entry("bench-1", Outcome::Unknown);
        assert!(found(&unknown, None).is_empty() && found(&unknown, Some(row(5))).is_empty());
    }

    #[test]
    fn orders_that_were_not_requested_and_shared_ones_are_found() {
        let rows = HashMap::from([
            ("bench-9".to_owned(), row(5)),
            ("bench-1".to_owned(), row(5)),
        ]);
        let known = entry("bench-1", Outcome::Acknowledged(Uuid::from_u128(5)));
        let violations = compare(&[known], &rows);
        assert_eq!(
            violations,
            ["1 × never requested: bench-9", "2 keys share 1 orders"]
        );
    }
}
