//! `POST /fulfillments/{id}/cancel`: unpacks a parcel that has not left.

use axum::{Json, extract::State};
use web::{PathParameters, Problem, problem::ProblemDocument, token::VendorOrAdmin};

use super::{fulfillment_refusal, fulfillment_view::FulfillmentView};
use crate::{
    app::App, fulfillment::ParcelAction, infrastructure::http::listing::merchant,
    values::FulfillmentId,
};

/// Cancel a parcel
///
/// Its units can go into another one. Doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/fulfillments/{id}/cancel",
    tag = "fulfillments",
    security(("bearer" = [])),
    params(("id" = FulfillmentId, Path, description = "The parcel.")),
    responses(
        (status = 200, description = "It is cancelled.", body = FulfillmentView),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither vendor nor admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such parcel, or it holds what the vendor does not sell.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`no_such_transition`: it is leaving or has left; or `order_being_changed`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn cancel_fulfillment(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(id): PathParameters<FulfillmentId>,
) -> Result<Json<FulfillmentView>, Problem> {
    let parcel = app
        .fulfill_order
        .act(id, merchant(&caller), ParcelAction::Cancel)
        .await
        .map_err(|error| fulfillment_refusal::of_fulfilling(&error))?;
    Ok(Json(FulfillmentView::from(parcel)))
}
