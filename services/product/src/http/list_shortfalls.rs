//! `GET /internal/shortfalls`: asked by order every now and then. A committed order lost units: somebody counted fewer
//! and insisted. Each is told until it is settled, the oldest first. Holds that were lost are not among them: their
//! orders learn it when they commit or extend.

use axum::{Json, extract::State};
use serde::Serialize;
use web::Problem;

use crate::{
    app::App,
    reservation::{MAX_BATCH, Shortfall},
    store,
};

#[derive(Serialize)]
pub(super) struct Shortfalls {
    shortfalls: Vec<Shortfall>,
}

pub(super) async fn list_shortfalls(State(app): State<App>) -> Result<Json<Shortfalls>, Problem> {
    let most = i64::try_from(MAX_BATCH).unwrap_or(i64::MAX);
    let open = store::shortfalls::open(&app.pool, most).await;
    Ok(Json(Shortfalls {
        shortfalls: open.map_err(|error| postgres::problem(&error))?,
    }))
}
