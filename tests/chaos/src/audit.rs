//! The audit: it compares the buyers' journal with order's database, that with product's database and the payment
//! provider's records, and each with itself. The numbers are those of issue 4.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use local_shop::Shop;

use crate::buyer::{Entry, Item, Outcome};

/// (1) Product's own audit: the counters match the movements and the holds.
const STOCK: &str = include_str!("../../../services/product/audit.sql");
/// The number of violations of one kind that are shown.
const SHOWN: usize = 3;

/// (3) Each key has one order, and no order is without a key.
const KEYS: &str = "
    SELECT 'order ' || id || ' has no key' FROM orders
    WHERE NOT EXISTS (SELECT FROM idempotency_keys WHERE order_id = orders.id AND operation = 'place_order')
    UNION ALL
    SELECT 'order ' || order_id || ' has several keys' FROM idempotency_keys WHERE operation = 'place_order'
    GROUP BY order_id HAVING count(*) > 1
    UNION ALL
    SELECT 'order ' || id || ' has no saga' FROM orders WHERE NOT EXISTS (SELECT FROM sagas WHERE order_id = orders.id)";

/// (4) Money: every paid order was captured once and in full, and the provider's records agree.
const MONEY: &str = "
    SELECT 'payment ' || p.id || ': captured ' || p.captured_minor || ', refunded ' || p.refunded_minor || '; the provider says '
        || coalesce(l.captured_minor, 0) || ', ' || coalesce(l.refunded_minor, 0)
    FROM payments p LEFT JOIN mock_provider_ledger l ON l.payment_id = p.id
    WHERE p.captured_minor <> coalesce(l.captured_minor, 0) OR p.refunded_minor <> coalesce(l.refunded_minor, 0)
    UNION ALL
    SELECT 'the provider captured money without a payment: ' || l.payment_id FROM mock_provider_ledger l
    WHERE NOT EXISTS (SELECT FROM payments WHERE id = l.payment_id)
    UNION ALL
    SELECT 'payment ' || payment_id || ' was captured ' || captures || ' times' FROM mock_provider_ledger WHERE captures > 1
    UNION ALL
    SELECT 'order ' || order_id || ' was captured ' || count(*) || ' times' FROM payments WHERE captured_minor > 0
    GROUP BY order_id HAVING count(*) > 1
    UNION ALL
    SELECT 'payment ' || p.id || ' holds money for the cancelled order ' || o.id FROM payments p JOIN orders o ON o.id = p.order_id
    WHERE o.status = 'cancelled' AND (p.captured_minor > p.refunded_minor OR p.status = 'authorized')
    UNION ALL
    SELECT 'payment ' || p.id || ' by ' || p.method || ' is ' || p.status || ' and authorised at the provider for ever' FROM payments p
    JOIN mock_provider_ledger l ON l.payment_id = p.id
    WHERE p.status = 'failed' AND l.authorized_minor > 0 AND NOT l.voided AND l.captured_minor = 0
        -- An authorization that the provider never captures takes no money.
        AND p.method <> 'mock_capture_refused'
    UNION ALL
    SELECT 'order ' || o.id || ' is ' || o.payment_status || ', captured ' || coalesce(sum(p.captured_minor), 0) || ' of ' || o.total_minor
    FROM orders o LEFT JOIN payments p ON p.order_id = o.id
    GROUP BY o.id HAVING (o.payment_status = 'paid') <> (coalesce(sum(p.captured_minor), 0) = o.total_minor AND coalesce(sum(p.refunded_minor), 0) = 0 AND count(p.id) > 0)
        AND o.payment_status IN ('paid', 'unpaid')";

/// (5) Each change has one event, and each event has its number.
const EVENTS: &str = "
    SELECT 'order ' || order_id || ': version ' || version || ', events ' || events FROM order_event_gaps
    UNION ALL
    SELECT 'partition ' || partition || ' has a gap in its sequence' FROM published_events
    GROUP BY partition HAVING max(sequence) <> count(*)
    UNION ALL
    SELECT 'version ' || version || ' of order ' || order_id || ' was published ' || count(p.sequence) || ' times'
    FROM order_events LEFT JOIN published_events p USING (order_id, version) GROUP BY order_id, version HAVING count(p.sequence) <> 1
    UNION ALL
    SELECT 'an event of version ' || version || ' of order ' || order_id || ' was published before an earlier one' FROM published_events later
    WHERE EXISTS (SELECT FROM published_events earlier WHERE earlier.order_id = later.order_id
        AND earlier.version < later.version AND earlier.sequence > later.sequence)";

/// (6) No saga is open after its deadline.
const SAGAS: &str =
    "SELECT 'saga of ' || order_id || ' is open: ' || coalesce(last_error, '') FROM sagas
    WHERE finished_at IS NULL AND deadline < now()";

/// All violations; a shop without changes in progress has none.
pub fn audit(shop: &Shop, journal: &[Entry]) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for (database, statement) in [
        ("product", STOCK),
        ("order", KEYS),
        ("order", MONEY),
        ("order", EVENTS),
        ("order", SAGAS),
    ] {
        some(&mut violations, shop.sql(database, statement)?);
    }
    let orders = orders(shop)?;
    some(&mut violations, acknowledged(journal, &orders));
    some(&mut violations, both_sides(shop, &orders)?);
    for entry in journal {
        some(&mut violations, entry.faults.clone());
    }
    Ok(violations)
}

fn some(violations: &mut Vec<String>, found: Vec<String>) {
    let more = found.len().saturating_sub(SHOWN);
    violations.extend(found.into_iter().take(SHOWN));
    if more > 0 {
        violations.push(format!("… and {more} more"));
    }
}

/// An order in order's database.
#[derive(Debug)]
struct Row {
    user: String,
    key: String,
    status: String,
    /// The reason of its cancellation.
    reason: String,
    items: Vec<Item>,
}

fn orders(shop: &Shop) -> Result<HashMap<String, Row>> {
    let rows = shop.sql(
        "order",
        "SELECT o.id, o.user_id, k.key, o.status, coalesce(o.cancel_reason, ''),
            (SELECT string_agg(sku || '*' || quantity, ' ' ORDER BY sku) FROM order_items WHERE order_id = o.id)
         FROM orders o LEFT JOIN idempotency_keys k ON k.order_id = o.id AND k.operation = 'place_order'",
    )?;
    rows.iter()
        .map(|row| parse(row).with_context(|| format!("cannot parse a row: {row}")))
        .collect()
}

/// Parses `id|user|key|status|reason|SKU*units SKU*units`.
fn parse(row: &str) -> Option<(String, Row)> {
    let fields: Vec<&str> = row.split('|').collect();
    let [id, user, key, status, reason, items] = fields[..] else {
        return None;
    };
    let items = items.split_whitespace().map(|line| {
        let (sku, units) = line.split_once('*')?;
        Some(Item {
            sku: sku.to_owned(),
            quantity: units.parse().ok()?,
        })
    });
    let row = Row {
        user: user.to_owned(),
        key: key.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        items: items.collect::<Option<_>>()?,
    };
    Some((id.to_owned(), row))
}

/// (2), (3) Each acknowledged order exists as requested, no refused order exists, and no key has two orders.
fn acknowledged(journal: &[Entry], orders: &HashMap<String, Row>) -> Vec<String> {
    let mut violations = Vec::new();
    let mut by_key: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (id, row) in orders {
        by_key.entry((&row.user, &row.key)).or_default().push(id);
    }
    for ((_, key), ids) in &by_key {
        if ids.len() > 1 {
            violations.push(format!("key {key} made several orders: {ids:?}"));
        }
    }
    for entry in journal {
        let (user, key) = (entry.buyer.to_string(), &entry.key);
        let made = by_key.get(&(user.as_str(), key.as_str()));
        match &entry.outcome {
            Outcome::Placed(id) => match orders.get(&id.to_string()) {
                None => violations.push(format!("{id} was acknowledged and does not exist")),
                Some(row) => {
                    let mut wanted = entry.items.clone();
                    wanted.sort();
                    if row.items != wanted || row.key != *key || row.user != user {
                        violations.push(format!("{id} is not as requested: {row:?}"));
                    }
                }
            },
            Outcome::Refused(code) if made.is_some() => {
                violations.push(format!("{key} was refused ({code}) and made {made:?}"));
            }
            Outcome::Refused(_) | Outcome::Unknown => {}
        }
    }
    violations
}

/// (4) Each confirmed order has a committed hold and vice versa, with the same units on both sides.
fn both_sides(shop: &Shop, orders: &HashMap<String, Row>) -> Result<Vec<String>> {
    let rows = shop.sql(
        "product",
        "SELECT h.order_id, h.state,
            coalesce((SELECT string_agg(sku || '*' || units, ' ' ORDER BY sku) FROM (
                SELECT sku, sum(quantity - released) AS units FROM hold_lines WHERE order_id = h.order_id
                GROUP BY sku HAVING sum(quantity - released) > 0) l), '')
         FROM holds h",
    )?;
    let mut holds = HashMap::new();
    for row in &rows {
        let fields: Vec<&str> = row.split('|').collect();
        if let [id, state, units] = fields[..] {
            holds.insert(id, (state, units));
        }
    }
    let mut violations = Vec::new();
    for (id, row) in orders {
        let (state, units) = holds.get(id.as_str()).copied().unwrap_or(("none", ""));
        let items: Vec<String> = row
            .items
            .iter()
            .map(|item| format!("{}*{}", item.sku, item.quantity))
            .collect();
        let right = match row.status.as_str() {
            "confirmed" | "completed" => state == "committed" && units == items.join(" "),
            // Other orders got its units, and its hold has ended.
            "cancelled" if row.reason == "shortfall" => matches!(state, "lost" | "expired"),
            "cancelled" => state != "held" && (state != "committed" || units.is_empty()),
            // The order is not paid yet.
            _ => state == "held",
        };
        if !right {
            violations.push(format!(
                "order {id} is {} {}, its hold {state} of {units}",
                row.status, row.reason
            ));
        }
    }
    for (id, (state, _)) in &holds {
        if *state == "committed" && !orders.contains_key(*id) {
            violations.push(format!("the committed hold of {id} has no order"));
        }
    }
    Ok(violations)
}
