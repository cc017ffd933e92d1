//! `POST /internal/shortfalls/settle`: called by order once its own database knows of them, at most 128 at once.
//! Settling again changes nothing.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use uuid::Uuid;
use web::Problem;

use super::reserve_stock::check_batch;
use crate::{app::App, store};

#[derive(Deserialize)]
pub(super) struct SettleShortfalls {
    ids: Vec<Uuid>,
}

pub(super) async fn settle_shortfalls(
    State(app): State<App>,
    Json(request): Json<SettleShortfalls>,
) -> Result<StatusCode, Problem> {
    check_batch(request.ids.len())?;
    let settled = store::shortfalls::settle(&app.pool, &request.ids).await;
    settled.map_err(|error| postgres::problem(&error))?;
    Ok(StatusCode::NO_CONTENT)
}
