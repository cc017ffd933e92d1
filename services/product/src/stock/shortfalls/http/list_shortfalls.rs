//! `GET /internal/shortfalls?limit=100&after=ID`: read by order in rounds. A committed order lost units, because fewer
//! were counted, with `force`. The answer is
//! `{"shortfalls":[{"id","order_id","sku","quantity","created_at"}],"next":"…"}`: what is not settled, the oldest
//! first. `after` goes on behind a shortfall of an answer before, so that one which cannot be settled does not hide the
//! others; `next` is what `after` is to be, absent at the end. Holds that were lost are not among them: their orders learn it when they commit or extend.

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

/// Unknown parameters are let be: the caller may be newer (ORDERS 33).
#[derive(Deserialize)]
pub(super) struct ListShortfalls {
    /// 1 to 128, which is what absent means too: the release before asks without it.
    limit: Option<usize>,
    after: Option<Uuid>,
}

#[derive(Serialize)]
pub(super) struct Shortfalls {
    shortfalls: Vec<Shortfall>,
    /// What the next round asks for as `after`: there are more.
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
