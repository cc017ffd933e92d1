//! `POST /returns/{id}/receive`: the goods have arrived.

use access::{Requires, permissions::returns};
use axum::{Json, extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use super::return_view::ReturnView;
use crate::{
    app::App, infrastructure::http::callers::seller, returns::model::ReturnAction, values::ReturnId,
};

/// Receive a return
///
/// Confirms that the goods have arrived: they return to stock, and their price is refunded as far as it was paid. The
/// response shows the decision; the status becomes `received` asynchronously, usually within a second. Idempotent.
#[utoipa::path(
    post,
    path = "/returns/{id}/receive",
    tag = "returns",
    params(Requires<returns::Receive>, ("id" = ReturnId, Path, description = "The return.")),
    responses(
        (status = 202, description = "The return is `receiving`, or already `received`.", body = ReturnView),
        (status = 404, description = "No such return, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition`: the return has not been approved; or `order_being_changed`."),
    ),
)]
pub async fn receive_return(
    State(app): State<App>,
    caller: Requires<returns::Receive>,
    PathParameters(id): PathParameters<ReturnId>,
) -> Result<(StatusCode, Json<ReturnView>), Problem> {
    let changed = app
        .return_goods
        .act(id, seller(&caller), ReturnAction::Receive)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(ReturnView::from(changed))))
}
