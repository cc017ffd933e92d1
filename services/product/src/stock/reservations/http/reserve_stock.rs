//! `POST /internal/reservations`: called by order, at most 128 orders at once. Unknown members are ignored, since the
//! caller may be newer (ORDERS 33).

use std::num::NonZeroU32;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    infrastructure::http::batch::{check_batch, check_lines},
    stock::reservations::{
        model::{Hash, Item, MAX_HOLD_SECONDS, Reservation, Verdict, Wanted},
        reserve,
    },
};

#[derive(Deserialize)]
pub(crate) struct ReserveStock {
    reservations: Vec<AskedReservation>,
}

#[derive(Deserialize)]
struct AskedReservation {
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
    let asked = request.reservations.into_iter().map(Reservation::try_from);
    let reservations = asked.collect::<Result<Vec<_>, Problem>>()?;
    let verdicts = reserve(&app.pool, app.currency, &reservations).await?;
    Ok(Json(Verdicts { verdicts }))
}

impl TryFrom<AskedReservation> for Reservation {
    type Error = Problem;

    fn try_from(asked: AskedReservation) -> Result<Self, Problem> {
        check_lines(asked.order_id, asked.lines.len())?;
        let lines = asked.lines.into_iter().map(|line| {
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
            request_key: asked.request_key,
            fingerprint: asked.fingerprint,
            order_id: asked.order_id,
            hold_seconds: asked.hold_seconds.clamp(1, MAX_HOLD_SECONDS),
            expected_total_minor: asked.expected_total_minor,
            lines: lines.collect::<Result<_, _>>()?,
        })
    }
}
