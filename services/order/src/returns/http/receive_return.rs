//! `POST /returns/{id}/receive`: the goods are back.

use axum::{Json, extract::State, http::StatusCode};
use web::{
    PathParameters, Problem,
    token::{Fresh, VendorOrAdmin},
};

use super::{return_refusal, return_view::ReturnView};
use crate::{
    app::App, infrastructure::http::listing::merchant, returns::model::ReturnAction,
    values::ReturnId,
};

/// Receive a return
///
/// The goods are here: they go back into stock, and their price to the customer as far as it was paid. The answer says
/// that it is decided; `received` follows, mostly within a second. Doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/returns/{id}/receive",
    tag = "returns",
    security(("bearer" = [])),
    params(("id" = ReturnId, Path, description = "The return.")),
    responses(
        (status = 202, description = "It is receiving, or received already.", body = ReturnView),
        (status = 403, description = "The caller has neither the role vendor nor admin."),
        (status = 404, description = "No such return, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition`: the return has not been approved; or `order_being_changed`."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn receive_return(
    State(app): State<App>,
    caller: Fresh<VendorOrAdmin>,
    PathParameters(id): PathParameters<ReturnId>,
) -> Result<(StatusCode, Json<ReturnView>), Problem> {
    let changed = app
        .return_goods
        .act(id, merchant(&caller), ReturnAction::Receive)
        .await
        .map_err(|error| return_refusal::of_returning(&error))?;
    Ok((StatusCode::ACCEPTED, Json(ReturnView::from(changed))))
}
