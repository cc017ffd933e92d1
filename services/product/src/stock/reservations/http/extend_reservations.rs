//! `POST /internal/reservations/extend`: called by order, at most 128 orders at once.

use axum::{Json, extract::State};
use serde::Deserialize;
use web::{JsonBody, Problem};

use crate::{
    app::App,
    infrastructure::http::batch::{Outcomes, check_batch},
    stock::reservations::{Extended, Extension, Outcome, extend},
};

#[derive(Deserialize)]
pub(crate) struct ExtendReservations {
    extensions: Vec<Extension>,
}

pub(super) async fn extend_reservations(
    State(app): State<App>,
    JsonBody(request): JsonBody<ExtendReservations>,
) -> Result<Json<Outcomes<Outcome<Extended>>>, Problem> {
    check_batch(request.extensions.len())?;
    let outcomes = extend(&app.pool, &request.extensions).await?;
    Ok(Json(Outcomes { outcomes }))
}
