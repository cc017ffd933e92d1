//! `POST /returns/{id}/reject`: the goods stay with the customer.

use axum::{Json, extract::State};
use web::{PathParameters, Problem, problem::ProblemDocument, token::VendorOrAdmin};

use super::{return_refusal, return_view::ReturnView};
use crate::{
    app::App, infrastructure::http::listing::merchant, returns::model::ReturnAction,
    values::ReturnId,
};

/// Reject a return
///
/// Until it is received. Doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/returns/{id}/reject",
    tag = "returns",
    security(("bearer" = [])),
    params(("id" = ReturnId, Path, description = "The return.")),
    responses(
        (status = 200, description = "It is rejected.", body = ReturnView),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither vendor nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such return, or it holds what the vendor does not sell.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`no_such_transition`: it is received; or `order_being_changed`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn reject_return(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(id): PathParameters<ReturnId>,
) -> Result<Json<ReturnView>, Problem> {
    let changed = app
        .return_goods
        .act(id, merchant(&caller), ReturnAction::Reject)
        .await
        .map_err(|error| return_refusal::of_returning(&error))?;
    Ok(Json(ReturnView::from(changed)))
}
