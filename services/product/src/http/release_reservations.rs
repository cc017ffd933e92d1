//! `POST /internal/reservations/release`: called by order, at most 128 orders at once.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::Problem;

use super::reserve_stock::check_batch;
use crate::{
    app::App,
    reservation::{Outcome, Released, release},
};

#[derive(Deserialize)]
pub(super) struct ReleaseReservations {
    order_ids: Vec<Uuid>,
}

#[derive(Serialize)]
pub(super) struct Outcomes {
    outcomes: Vec<Outcome<Released>>,
}

pub(super) async fn release_reservations(
    State(app): State<App>,
    Json(request): Json<ReleaseReservations>,
) -> Result<Json<Outcomes>, Problem> {
    check_batch(request.order_ids.len())?;
    let outcomes = release(&app.pool, &request.order_ids).await?;
    Ok(Json(Outcomes { outcomes }))
}
