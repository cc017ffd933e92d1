//! `GET /internal/erasures`: `{"users":["<uuid>",…]}`, at most 100 deleted users whose data the caller should erase now, those
//! who have been due for longest first.

use axum::{Json, extract::State};
use erasure::DueErasures;
use web::Problem;

use super::CALLER;
use crate::{app::App, erasures};

pub(super) async fn list_due_erasures(
    State(app): State<App>,
) -> Result<Json<DueErasures>, Problem> {
    let users = erasures::due(&app.pool, CALLER).await?;
    Ok(Json(DueErasures { users }))
}
