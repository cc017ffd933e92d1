//! `POST /internal/reservations/ship`: called by order, at most 128 shipments at once.

use axum::{Json, extract::State};
use serde::Deserialize;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    infrastructure::http::batch::{Outcomes, check_batch, check_lines},
    stock::reservations::{Shipped, Transfer, TransferOutcome, ship},
};

#[derive(Deserialize)]
pub(crate) struct ShipGoods {
    shipments: Vec<Transfer>,
}

pub(super) async fn ship_goods(
    State(app): State<App>,
    JsonBody(request): JsonBody<ShipGoods>,
) -> Result<Json<Outcomes<TransferOutcome<Shipped>>>, Problem> {
    check(&request.shipments)?;
    let outcomes = ship(&app.pool, app.ids, &request.shipments).await?;
    Ok(Json(Outcomes { outcomes }))
}

/// 422 for more transfers than one call may have, and for one without lines.
pub(super) fn check(transfers: &[Transfer]) -> Result<(), Problem> {
    check_batch(transfers.len())?;
    let mut transfers = transfers.iter();
    transfers.try_for_each(|transfer| check_lines(transfer.order_id, transfer.lines.len()))
}
