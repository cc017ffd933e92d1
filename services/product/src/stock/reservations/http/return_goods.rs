//! `POST /internal/reservations/return`: called by order, at most 128 returns at once.

use axum::{Json, extract::State};
use serde::Deserialize;
use web::{JsonBody, Problem};

use super::ship_goods::check;
use crate::{
    app::App,
    infrastructure::http::batch::Outcomes,
    stock::reservations::{Returned, Transfer, TransferOutcome, restock},
};

#[derive(Deserialize)]
pub(crate) struct ReturnGoods {
    returns: Vec<Transfer>,
}

pub(super) async fn return_goods(
    State(app): State<App>,
    JsonBody(request): JsonBody<ReturnGoods>,
) -> Result<Json<Outcomes<TransferOutcome<Returned>>>, Problem> {
    check(&request.returns)?;
    let outcomes = restock(&app.pool, app.ids, &request.returns).await?;
    Ok(Json(Outcomes { outcomes }))
}
