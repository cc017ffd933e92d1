//! `POST /returns/{id}/reject`: the goods stay with the customer.

use access::{Requires, permissions::returns};
use axum::{Json, extract::State};
use web::{PathParameters, Problem};

use super::return_view::ReturnView;
use crate::{
    app::App, infrastructure::http::callers::seller, returns::model::ReturnAction, values::ReturnId,
};

/// Reject a return
///
/// Allowed until the return is received. Idempotent.
#[utoipa::path(
    post,
    path = "/returns/{id}/reject",
    tag = "returns",
    params(Requires<returns::Decide>, ("id" = ReturnId, Path, description = "The return.")),
    responses(
        (status = 200, description = "The return is rejected.", body = ReturnView),
        (status = 404, description = "No such return, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition`: the return has been received; or `order_being_changed`."),
    ),
)]
pub async fn reject_return(
    State(app): State<App>,
    caller: Requires<returns::Decide>,
    PathParameters(id): PathParameters<ReturnId>,
) -> Result<Json<ReturnView>, Problem> {
    let changed = app
        .return_goods
        .act(id, seller(&caller), ReturnAction::Reject)
        .await?;
    Ok(Json(ReturnView::from(changed)))
}
