//! `POST /returns/{id}/receive`: the goods are back.

use axum::{Json, extract::State, http::StatusCode};
use web::{
    PathParameters, Problem,
    problem::ProblemDocument,
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
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither vendor nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such return, or it holds what the vendor does not sell.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`no_such_transition`: it is not approved; or `order_being_changed`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
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
