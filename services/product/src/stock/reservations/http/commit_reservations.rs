//! `POST /internal/reservations/commit`: called by order, at most 128 orders at once.

use axum::{Json, extract::State};
use serde::Deserialize;
use uuid::Uuid;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    infrastructure::http::batch::{Outcomes, check_batch},
    stock::reservations::{Committed, Outcome, commit},
};

#[derive(Deserialize)]
pub(crate) struct CommitReservations {
    order_ids: Vec<Uuid>,
}

pub(super) async fn commit_reservations(
    State(app): State<App>,
    JsonBody(request): JsonBody<CommitReservations>,
) -> Result<Json<Outcomes<Outcome<Committed>>>, Problem> {
    check_batch(request.order_ids.len())?;
    let outcomes = commit(&app.pool, &request.order_ids).await?;
    Ok(Json(Outcomes { outcomes }))
}
