//! Requests of order, as test data.

use std::collections::BTreeSet;

use db::Pool;
use product::{
    infrastructure::postgres::failure::StockError,
    stock::reservations::{
        Extension, Transfer, TransferLine,
        model::{Hash, Item, Reservation, Verdict, Wanted},
    },
};
use uuid::Uuid;

use super::id;

/// An order of these SKUs, under a key of its own.
pub fn order(lines: &[(&str, u32)]) -> Reservation {
    let order_id = id();
    Reservation {
        request_key: Hash(idempotency::hash(&[order_id.as_bytes()])),
        fingerprint: Hash(idempotency::hash(&[b"fingerprint", order_id.as_bytes()])),
        order_id,
        hold_seconds: 60,
        expected_total_minor: None,
        lines: lines
            .iter()
            .map(|(sku, quantity)| Wanted {
                item: Item::Sku((*sku).to_owned()),
                quantity: (*quantity).try_into().unwrap(),
            })
            .collect(),
    }
}

/// A shipment with these units of an order.
pub fn transfer(order_id: Uuid, lines: &[(&str, u32)]) -> Transfer {
    Transfer {
        id: id(),
        order_id,
        lines: lines
            .iter()
            .map(|(sku, quantity)| TransferLine {
                sku: (*sku).to_owned(),
                quantity: (*quantity).try_into().unwrap(),
            })
            .collect(),
    }
}

pub fn longer(order_id: Uuid, hold_seconds: u32) -> Extension {
    Extension {
        order_id,
        hold_seconds,
    }
}

/// One sweep of holds.
pub async fn expire_overdue(pool: &Pool) -> Result<(usize, usize), StockError> {
    product::stock::reservations::expire_overdue(pool, &mut BTreeSet::new()).await
}

/// The first order id of a hold.
pub fn held(verdict: &Verdict) -> Option<Uuid> {
    match verdict {
        Verdict::Held { order_id, .. } => Some(*order_id),
        _ => None,
    }
}
