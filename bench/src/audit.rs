//! After a leg: the clients' own log against the database. An order that was acknowledged is there, confirmed, as it was
//! asked for; one that was refused is not; there is none that nobody asked for; stock adds up.

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
/// Violations of one kind that are shown.
const SHOWN: usize = 5;
/// The last id of the template's orders; whatever comes later was placed by a leg.
const TEMPLATE_END: &str = "01900000-ffff-ffff-ffff-ffffffffffff";

/// Which databases to look at.
#[derive(Clone, Copy, Debug)]
pub struct Books<'a> {
    pub postgres: &'a Postgres,
    pub product: &'a str,
    pub order: &'a str,
}

/// An order as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: Uuid,
    pub status: String,
    /// SKU and units, in the order of the SKUs.
    pub lines: Vec<(String, u32)>,
}

/// Everything that is wrong; empty after a leg that counts.
pub fn audit(books: Books<'_>, entries: &[&Entry]) -> Result<Vec<String>> {
    let mut violations = compare(entries, &orders(books)?);
    violations.extend(stock(books)?);
    violations.extend(between(books)?);
    Ok(violations)
}

/// Stock alone, for the denominators, whose orders no client has logged.
pub fn stock(books: Books<'_>) -> Result<Vec<String>> {
    books.postgres.psql(books.product, STOCK)
}

fn orders(books: Books<'_>) -> Result<HashMap<String, Row>> {
    let rows = books.postgres.psql(
        books.order,
        "SELECT k.key, o.id, o.status, i.lines FROM idempotency_keys k LEFT JOIN orders o ON o.id = k.order_id
         LEFT JOIN (SELECT order_id, string_agg(sku || '*' || quantity, ' ' ORDER BY sku) AS lines FROM order_items GROUP BY order_id) i
             ON i.order_id = o.id
         WHERE k.key LIKE 'bench-%'",
    )?;
    rows.iter()
        .map(|row| read(row).with_context(|| format!("a row cannot be read: {row}")))
        .collect()
}

/// `key|id|status|SKU*units SKU*units`
fn read(row: &str) -> Option<(String, Row)> {
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

/// What the two databases say of each other, and of themselves.
fn between(books: Books<'_>) -> Result<Vec<String>> {
    let ids = |database: &str, statement: String| -> Result<HashSet<String>> {
        Ok(books
            .postgres
            .psql(database, &statement)?
            .into_iter()
            .collect())
    };
    let committed = ids(
        books.product,
        format!(
            "SELECT order_id FROM holds WHERE state = 'committed' AND order_id > '{TEMPLATE_END}'"
        ),
    )?;
    let confirmed = ids(
        books.order,
        format!("SELECT id FROM orders WHERE status = 'confirmed' AND id > '{TEMPLATE_END}'"),
    )?;
    let strays = ids(
        books.order,
        "SELECT id FROM orders WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE order_id = orders.id)".to_owned(),
    )?;
    let unheld = some(
        "confirmed without a committed hold",
        confirmed.difference(&committed),
    );
    let unconfirmed = some(
        "a committed hold without a confirmed order",
        committed.difference(&confirmed),
    );
    let strays = some("an order without a key", strays);
    Ok([unheld, unconfirmed, strays]
        .into_iter()
        .flatten()
        .collect())
}

/// The violation, if there is any.
fn some(what: &str, of: impl IntoIterator<Item: std::fmt::Display>) -> Option<String> {
    let all: Vec<String> = of.into_iter().map(|one| one.to_string()).collect();
    let shown = all[..all.len().min(SHOWN)].join(", ");
    (!all.is_empty()).then(|| format!("{} × {what}: {shown}", all.len()))
}

/// The log against the orders, by key.
fn compare(entries: &[&Entry], rows: &HashMap<String, Row>) -> Vec<String> {
    let (mut lost, mut other, mut open, mut wrong, mut unwanted) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let row = rows.get(&entry.key);
        if let Some(row) = row {
            if row.lines != wished(entry) {
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
        some("acknowledged and lost", lost),
        some("acknowledged as another order", other),
        some("not confirmed", open),
        some("not what was asked for", wrong),
        some("refused and carried out", unwanted),
        some("asked for by nobody", strange),
        (ids.len() < rows.len()).then(shared),
    ];
    violations.into_iter().flatten().collect()
}

fn wished(entry: &Entry) -> Vec<(String, u32)> {
    let mut lines: Vec<(String, u32)> = entry
        .wish
        .lines
        .iter()
        .map(|line| (sku(line.0), line.1))
        .collect();
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Line, Wish};

    fn entry(key: &str, outcome: Outcome) -> Entry {
        Entry {
            key: key.to_owned(),
            wish: Wish {
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
        read(&line).unwrap().1
    }

    fn found(entry: &Entry, row: Option<Row>) -> Vec<String> {
        let rows = row
            .map(|row| (entry.key.clone(), row))
            .into_iter()
            .collect();
        compare(&[entry], &rows)
    }

    #[test]
    fn what_was_told_is_what_is_there() {
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
            ["1 × not what was asked for: bench-1"]
        );
    }

    #[test]
    fn a_refused_order_is_not_there_and_an_unknown_one_may_be() {
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
    fn nobodys_orders_and_shared_ones_are_found() {
        let rows = HashMap::from([
            ("bench-9".to_owned(), row(5)),
            ("bench-1".to_owned(), row(5)),
        ]);
        let known = entry("bench-1", Outcome::Acknowledged(Uuid::from_u128(5)));
        let violations = compare(&[&known], &rows);
        assert_eq!(
            violations,
            ["1 × asked for by nobody: bench-9", "2 keys share 1 orders"]
        );
    }
}
