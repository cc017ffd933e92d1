//! `GET /internal/shortfalls?limit=100&after=ID`: read by order in rounds. A shortfall is units that a committed order lost
//! because fewer were counted, with `force`. The response is
//! `{"shortfalls":[{"id","order_id","sku","quantity","created_at"}],"next":"…"}`: those that are not settled, the oldest
//! first. `after` continues after a shortfall of an earlier response, so that one which cannot be settled does not hide the
//! others; `next` is the next `after`, absent at the end. Lost holds are not among them: their orders learn of the loss when
//! they commit or extend.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Problem, QueryParameters};

use crate::{
    app::App,
    stock::{
        reservations::model::MAX_BATCH,
        shortfalls::{self, model::Shortfall},
    },
};

/// Unknown parameters are ignored, since the caller may be newer (ORDERS 33).
#[derive(Deserialize)]
pub(super) struct ListShortfalls {
    /// 1 to 128; 128 if absent, as in calls of the previous release.
    limit: Option<usize>,
    after: Option<Uuid>,
}

#[derive(Serialize)]
pub(super) struct Shortfalls {
    shortfalls: Vec<Shortfall>,
    /// `after` of the next call, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

pub(super) async fn list_shortfalls(
    State(app): State<App>,
    QueryParameters(query): QueryParameters<ListShortfalls>,
) -> Result<Json<Shortfalls>, Problem> {
    let limit = query.limit.unwrap_or(MAX_BATCH);
    if !(1..=MAX_BATCH).contains(&limit) {
        return Err(Problem::invalid_field(
            "limit",
            "out_of_range",
            format!("limit must be 1 to {MAX_BATCH}"),
        ));
    }
    let (shortfalls, next) = shortfalls::open(&app.pool, query.after, limit).await?;
    Ok(Json(Shortfalls { shortfalls, next }))
}
