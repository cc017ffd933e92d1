//! The JSON of product's internal API: the requests. Answers are read in `outcomes` and `verdicts`, entry by entry: an invalid
//! entry fails its own order and no other.

mod outcomes;
mod verdicts;

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

pub(super) use self::{outcomes::Outcomes, verdicts::Verdicts};
use crate::{
    checkout::model::{ProductReference, RequestedLine, ReservationRequest},
    values::OrderId,
};

/// How long stock is held before the saga commits it (ORDERS 2).
const HOLD_SECONDS: u32 = 60;

/// An answer whose entries cannot be matched to the requests.
#[derive(Debug, thiserror::Error)]
#[error("{asked} requested entries, {answered} returned")]
pub(super) struct CountError {
    asked: usize,
    answered: usize,
}

#[derive(Serialize)]
pub(super) struct Reservations<'a> {
    reservations: Vec<Reservation<'a>>,
}

#[derive(Serialize)]
struct Reservation<'a> {
    request_key: String,
    fingerprint: String,
    order_id: Uuid,
    hold_seconds: u32,
    expected_total_minor: Option<i64>,
    lines: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    product: Product<'a>,
    quantity: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Product<'a> {
    ProductId(Uuid),
    Sku(&'a str),
}

impl<'a> Reservations<'a> {
    pub(super) fn new(requests: &'a [ReservationRequest]) -> Self {
        let line = |line: &'a RequestedLine| Line {
            product: match &line.product {
                ProductReference::ProductId(id) => Product::ProductId(id.0),
                ProductReference::Sku(sku) => Product::Sku(sku.as_str()),
            },
            quantity: line.quantity.get(),
        };
        let reservation = |request: &'a ReservationRequest| Reservation {
            request_key: hex::encode(request.request_key.0),
            fingerprint: hex::encode(request.fingerprint.0),
            order_id: request.order_id.0,
            hold_seconds: HOLD_SECONDS,
            expected_total_minor: request.expected_total.map(|total| total.minor),
            lines: request.lines.as_slice().iter().map(line).collect(),
        };
        Self {
            reservations: requests.iter().map(reservation).collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Releases<'a> {
    pub(super) order_ids: &'a [Uuid],
    pub(super) committed: bool,
}

#[derive(Serialize)]
pub(super) struct Extension {
    order_id: Uuid,
    hold_seconds: u32,
}

impl Extension {
    pub(super) fn new(order: OrderId, length: Duration) -> Self {
        Self {
            order_id: order.0,
            hold_seconds: u32::try_from(length.as_secs()).unwrap_or(u32::MAX),
        }
    }
}
