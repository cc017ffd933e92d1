//! `POST /internal/reservations/extend`: called by order, at most 128 orders at once.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{JsonBody, Problem};

use super::reserve_stock::check_batch;
use crate::{
    app::App,
    stock::reservations::{Extended, Extension, Outcome, extend},
};

#[derive(Deserialize)]
pub(crate) struct ExtendReservations {
    extensions: Vec<Longer>,
}

#[derive(Deserialize)]
struct Longer {
    order_id: Uuid,
    /// From now.
    hold_seconds: u32,
}

#[derive(Serialize)]
pub(crate) struct Outcomes {
    outcomes: Vec<Outcome<Extended>>,
}

pub(super) async fn extend_reservations(
    State(app): State<App>,
    JsonBody(request): JsonBody<ExtendReservations>,
) -> Result<Json<Outcomes>, Problem> {
    check_batch(request.extensions.len())?;
    let extensions: Vec<Extension> = request
        .extensions
        .iter()
        .map(|longer| Extension {
            order_id: longer.order_id,
            hold_seconds: longer.hold_seconds,
        })
        .collect();
    Ok(Json(Outcomes {
        outcomes: extend(&app.pool, &extensions).await?,
    }))
}
