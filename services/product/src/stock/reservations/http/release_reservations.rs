//! `POST /internal/reservations/release`: called by order, at most 128 orders at once.

use axum::{Json, extract::State};
use serde::Deserialize;
use uuid::Uuid;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    infrastructure::http::batch::{Outcomes, check_batch},
    stock::reservations::{Outcome, Release, Released, release},
};

#[derive(Deserialize)]
pub(crate) struct ReleaseReservations {
    order_ids: Vec<Uuid>,
    /// What is committed and not shipped goes back as well.
    #[serde(default)]
    committed: bool,
}

pub(super) async fn release_reservations(
    State(app): State<App>,
    JsonBody(request): JsonBody<ReleaseReservations>,
) -> Result<Json<Outcomes<Outcome<Released>>>, Problem> {
    check_batch(request.order_ids.len())?;
    let how_far = if request.committed {
        Release::Committed
    } else {
        Release::Held
    };
    let outcomes = release(&app.pool, &request.order_ids, how_far).await?;
    Ok(Json(Outcomes { outcomes }))
}
