//! `POST /internal/reservations/commit`: called by order, at most 128 orders at once.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{JsonBody, Problem};

use super::reserve_stock::check_batch;
use crate::{
    app::App,
    stock::reservations::{Committed, Outcome, commit},
};

#[derive(Deserialize)]
pub(crate) struct CommitReservations {
    order_ids: Vec<Uuid>,
}

#[derive(Serialize)]
pub(crate) struct Outcomes {
    outcomes: Vec<Outcome<Committed>>,
}

pub(super) async fn commit_reservations(
    State(app): State<App>,
    JsonBody(request): JsonBody<CommitReservations>,
) -> Result<Json<Outcomes>, Problem> {
    check_batch(request.order_ids.len())?;
    let outcomes = commit(&app.pool, &request.order_ids).await?;
    Ok(Json(Outcomes { outcomes }))
}
