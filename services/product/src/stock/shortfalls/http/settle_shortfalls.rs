//! `POST /internal/shortfalls/settle` with `{"ids":[…]}`: called by order once its own transaction has committed, at most
//! 128 at once. The answer is `{"settled":n}`: how many of them were not settled before. Settling again changes nothing,
//! and an id that is unknown is passed over.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{JsonBody, Problem};

use crate::{app::App, infrastructure::http::batch::check_batch, stock::shortfalls};

#[derive(Deserialize)]
pub(crate) struct SettleShortfalls {
    ids: Vec<Uuid>,
}

#[derive(Serialize)]
pub(crate) struct Settled {
    settled: u64,
}

pub(super) async fn settle_shortfalls(
    State(app): State<App>,
    JsonBody(request): JsonBody<SettleShortfalls>,
) -> Result<Json<Settled>, Problem> {
    check_batch(request.ids.len())?;
    let settled = shortfalls::settle(&app.pool, &request.ids).await?;
    Ok(Json(Settled { settled }))
}
