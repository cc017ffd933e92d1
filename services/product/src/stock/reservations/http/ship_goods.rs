//! `POST /internal/reservations/ship`: called by order, at most 128 shipments at once.

use std::num::NonZeroU32;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{JsonBody, Problem};

use super::reserve_stock::{check_batch, check_lines};
use crate::{
    app::App,
    stock::reservations::{Parcel, ParcelLine, ParcelOutcome, Shipped, ship},
};

#[derive(Deserialize)]
pub(crate) struct ShipGoods {
    shipments: Vec<ParcelOfOrder>,
}

#[derive(Deserialize)]
pub(crate) struct ParcelOfOrder {
    id: Uuid,
    order_id: Uuid,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: NonZeroU32,
}

#[derive(Serialize)]
pub(crate) struct Outcomes {
    outcomes: Vec<ParcelOutcome<Shipped>>,
}

pub(super) async fn ship_goods(
    State(app): State<App>,
    JsonBody(request): JsonBody<ShipGoods>,
) -> Result<Json<Outcomes>, Problem> {
    let shipments = parcels(request.shipments)?;
    let outcomes = ship(&app.pool, app.ids, &shipments).await?;
    Ok(Json(Outcomes { outcomes }))
}

/// 422 for more than one call may carry, and for a parcel of nothing.
pub(super) fn parcels(parcels: Vec<ParcelOfOrder>) -> Result<Vec<Parcel>, Problem> {
    check_batch(parcels.len())?;
    let checked = parcels.into_iter().map(|parcel| {
        check_lines(parcel.order_id, parcel.lines.len())?;
        let lines = parcel.lines.into_iter().map(|line| ParcelLine {
            sku: line.sku,
            quantity: line.quantity,
        });
        Ok(Parcel {
            id: parcel.id,
            order_id: parcel.order_id,
            lines: lines.collect(),
        })
    });
    checked.collect()
}
