//! `POST /internal/reservations/ship`: called by order, at most 128 shipments at once.

use axum::{Json, extract::State};
use serde::Deserialize;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    infrastructure::http::batch::{Outcomes, check_batch, check_lines},
    stock::reservations::{Parcel, ParcelOutcome, Shipped, ship},
};

#[derive(Deserialize)]
pub(crate) struct ShipGoods {
    shipments: Vec<Parcel>,
}

pub(super) async fn ship_goods(
    State(app): State<App>,
    JsonBody(request): JsonBody<ShipGoods>,
) -> Result<Json<Outcomes<ParcelOutcome<Shipped>>>, Problem> {
    check(&request.shipments)?;
    let outcomes = ship(&app.pool, app.ids, &request.shipments).await?;
    Ok(Json(Outcomes { outcomes }))
}

/// 422 for more than one call may carry, and for a parcel of nothing.
pub(super) fn check(parcels: &[Parcel]) -> Result<(), Problem> {
    check_batch(parcels.len())?;
    let mut parcels = parcels.iter();
    parcels.try_for_each(|parcel| check_lines(parcel.order_id, parcel.lines.len()))
}
