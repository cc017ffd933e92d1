//! Orders against product's holds: by SKU, what is owed, shipped and returned. Pure.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use uuid::Uuid;

use super::rows::{Found, found};
use crate::infrastructure::product_client::{HeldUnits, OrderHold};

/// An order as far as product has to do with it. Statuses are text: one that is not known is a finding of its own.
#[derive(Clone, Debug)]
pub(super) struct HeldOrder {
    pub(super) id: Uuid,
    pub(super) status: String,
    pub(super) fulfillment_status: String,
    /// A saga, a shipment or a return is in progress.
    pub(super) under_way: bool,
    pub(super) items_minor: i64,
    pub(super) units: Vec<(String, Units)>,
}

/// Units of one SKU.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Units {
    /// Ordered, without what fell short.
    pub(super) owed: i64,
    pub(super) shipped: i64,
    /// Of returns that are back in stock.
    pub(super) returned: i64,
    /// Of one line.
    pub(super) smallest: i32,
    pub(super) largest: i32,
}

/// What does not fit, of orders and of the holds in the same range.
pub(super) fn misfits(orders: &[HeldOrder], holds: Vec<OrderHold>, grace: Duration) -> Vec<Found> {
    let mut holds: HashMap<Uuid, OrderHold> = holds
        .into_iter()
        .map(|hold| (hold.order_id, hold))
        .collect();
    let mut found = Vec::new();
    for order in orders {
        let hold = holds.remove(&order.id);
        if !order.under_way {
            found.extend(misfit(order, hold.as_ref()));
        }
    }
    // What is left has no order: a running hold may get one yet.
    let orphans = holds
        .into_values()
        .filter(|hold| hold.state == "committed" && hold.age_seconds > grace.as_secs_f64());
    found.extend(orphans.map(|OrderHold { order_id, .. }| {
        found!(
            "hold_without_order",
            order_id,
            "the committed hold of order {order_id} has no order; release it manually"
        )
    }));
    found
}

fn misfit(order: &HeldOrder, hold: Option<&OrderHold>) -> Option<Found> {
    let state = hold.map_or("none", |hold| hold.state.as_str());
    let is_cancelled = order.status == "cancelled";
    let fits = match order.status.as_str() {
        "confirmed" | "completed" => state == "committed",
        // Product forgets ended holds after a while.
        "cancelled" if hold.is_none() => order.fulfillment_status == "unfulfilled",
        "cancelled" => state != "held",
        // No saga works on it: the other half of the audit says so.
        _ => true,
    };
    if !fits {
        return Some(found!(
            "hold_state",
            order.id,
            "order {} is {}, but the state of its hold is {state}",
            order.id,
            order.status
        ));
    }
    let hold = hold.filter(|hold| hold.state == "committed")?;
    units_misfit(order, hold, is_cancelled).or_else(|| {
        (hold.total_minor != order.items_minor).then(|| {
            found!(
                "hold_total",
                order.id,
                "order {}: its items cost {}, but its hold has the total {}",
                order.id,
                order.items_minor,
                hold.total_minor
            )
        })
    })
}

fn units_misfit(order: &HeldOrder, hold: &OrderHold, is_cancelled: bool) -> Option<Found> {
    let ours: HashMap<&str, Units> = order
        .units
        .iter()
        .map(|(sku, units)| (sku.as_str(), *units))
        .collect();
    let theirs: HashMap<&str, HeldUnits> = hold
        .lines
        .iter()
        .map(|line| (line.sku.as_str(), line.units))
        .collect();
    let skus: BTreeSet<&str> = ours.keys().chain(theirs.keys()).copied().collect();
    skus.into_iter().find_map(|sku| {
        let our = ours.get(sku).copied().unwrap_or_default();
        let their = theirs.get(sku).copied().unwrap_or_default();
        // What a cancelled order has not shipped is given back.
        let owed = if is_cancelled { our.shipped } else { our.owed };
        let kept = their.quantity - their.released;
        let (code, what, here, there) = if owed != kept {
            ("hold_units", "has", owed, kept)
        } else if our.shipped != their.shipped {
            ("hold_shipped", "shipped", our.shipped, their.shipped)
        } else if our.returned != their.returned {
            (
                "hold_returned",
                "received back",
                our.returned,
                their.returned,
            )
        } else {
            return None;
        };
        Some(found!(
            code,
            order.id,
            "order {} {what} {here} units of {sku}, but its hold has {there}",
            order.id
        ))
    })
}
