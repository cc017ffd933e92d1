//! `POST /returns/{id}/approve`: the customer may send the goods back.

use access::{Requires, permissions::returns};
use axum::{Json, extract::State};
use web::{PathParameters, Problem};

use super::return_view::ReturnView;
use crate::{
    app::App, infrastructure::http::callers::seller, returns::model::ReturnAction, values::ReturnId,
};

/// Approve a return
///
/// Allows the customer to send the goods back. Idempotent.
#[utoipa::path(
    post,
    path = "/returns/{id}/approve",
    tag = "returns",
    params(Requires<returns::Decide>, ("id" = ReturnId, Path, description = "The return.")),
    responses(
        (status = 200, description = "The return is approved.", body = ReturnView),
        (status = 404, description = "No such return, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition` or `order_being_changed`."),
    ),
)]
pub async fn approve_return(
    State(app): State<App>,
    caller: Requires<returns::Decide>,
    PathParameters(id): PathParameters<ReturnId>,
) -> Result<Json<ReturnView>, Problem> {
    let changed = app
        .return_goods
        .act(id, seller(&caller), ReturnAction::Approve)
        .await?;
    Ok(Json(ReturnView::from(changed)))
}
