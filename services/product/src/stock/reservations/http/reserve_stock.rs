//! `POST /internal/reservations`: called by order, at most 128 orders at once. Unknown members are let be: the caller
//! may be newer (ORDERS 33).

use std::num::NonZeroU32;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    stock::reservations::{
        model::{Hash, Item, MAX_BATCH, MAX_HOLD_SECONDS, MAX_LINES, Reservation, Verdict, Wanted},
        reserve,
    },
};

#[derive(Deserialize)]
pub(crate) struct ReserveStock {
    reservations: Vec<Wish>,
}

#[derive(Deserialize)]
struct Wish {
    request_key: Hash,
    fingerprint: Hash,
    order_id: Uuid,
    hold_seconds: u32,
    expected_total_minor: Option<i64>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    product_id: Option<Uuid>,
    sku: Option<String>,
    quantity: NonZeroU32,
}

#[derive(Serialize)]
pub(crate) struct Verdicts {
    verdicts: Vec<Verdict>,
}

pub(super) async fn reserve_stock(
    State(app): State<App>,
    JsonBody(request): JsonBody<ReserveStock>,
) -> Result<Json<Verdicts>, Problem> {
    check_batch(request.reservations.len())?;
    let wishes = request.reservations.into_iter().map(Reservation::try_from);
    let reservations = wishes.collect::<Result<Vec<_>, Problem>>()?;
    let verdicts = reserve(&app.pool, app.currency, &reservations).await?;
    Ok(Json(Verdicts { verdicts }))
}

/// 422 for more than one call may carry.
pub(crate) fn check_batch(orders: usize) -> Result<(), Problem> {
    if orders <= MAX_BATCH {
        Ok(())
    } else {
        Err(Problem::invalid_field(
            "",
            "batch_too_large",
            format!("at most {MAX_BATCH} orders per request"),
        ))
    }
}

/// 422 for an order of nothing, or of too much.
pub(super) fn check_lines(order: Uuid, lines: usize) -> Result<(), Problem> {
    if (1..=MAX_LINES).contains(&lines) {
        Ok(())
    } else {
        Err(Problem::invalid_field(
            "",
            "lines_out_of_range",
            format!("order {order} must have 1 to {MAX_LINES} lines"),
        ))
    }
}

impl TryFrom<Wish> for Reservation {
    type Error = Problem;

    fn try_from(wish: Wish) -> Result<Self, Problem> {
        check_lines(wish.order_id, wish.lines.len())?;
        let lines = wish.lines.into_iter().map(|line| {
            let item = match (line.product_id, line.sku) {
                (Some(id), None) => Item::Product(id),
                (None, Some(sku)) => Item::Sku(sku),
                (Some(_), Some(_)) | (None, None) => {
                    let message = "a line must have either product_id or sku";
                    return Err(Problem::invalid_field(
                        "/reservations",
                        "exclusive",
                        message,
                    ));
                }
            };
            Ok(Wanted {
                item,
                quantity: line.quantity,
            })
        });
        Ok(Self {
            request_key: wish.request_key,
            fingerprint: wish.fingerprint,
            order_id: wish.order_id,
            hold_seconds: wish.hold_seconds.clamp(1, MAX_HOLD_SECONDS),
            expected_total_minor: wish.expected_total_minor,
            lines: lines.collect::<Result<_, _>>()?,
        })
    }
}
