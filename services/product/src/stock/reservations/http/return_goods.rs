//! `POST /internal/reservations/return`: called by order, at most 128 returns at once.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use web::{JsonBody, Problem};

use super::ship_goods::{ParcelOfOrder, parcels};
use crate::{
    app::App,
    stock::reservations::{ParcelOutcome, Returned, restock},
};

#[derive(Deserialize)]
pub(crate) struct ReturnGoods {
    returns: Vec<ParcelOfOrder>,
}

#[derive(Serialize)]
pub(crate) struct Outcomes {
    outcomes: Vec<ParcelOutcome<Returned>>,
}

pub(super) async fn return_goods(
    State(app): State<App>,
    JsonBody(request): JsonBody<ReturnGoods>,
) -> Result<Json<Outcomes>, Problem> {
    let returns = parcels(request.returns)?;
    let outcomes = restock(&app.pool, app.ids, &returns).await?;
    Ok(Json(Outcomes { outcomes }))
}
