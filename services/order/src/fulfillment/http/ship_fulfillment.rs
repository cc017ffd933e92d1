//! `POST /fulfillments/{id}/ship`: decides that a parcel leaves.

use axum::{Json, extract::State, http::StatusCode};
use web::{PathParameters, Problem, token::VendorOrAdmin};

use super::{fulfillment_refusal, fulfillment_view::FulfillmentView};
use crate::{
    app::App, fulfillment::ParcelAction, infrastructure::http::listing::merchant,
    values::FulfillmentId,
};

/// Ship a parcel
///
/// Decides that it leaves: it is `shipping`, and `shipped` as soon as the stock knows. An order whose cancellation was
/// requested ships nothing; one of which everything is shipped is not cancelled. Doing it again changes nothing.
#[utoipa::path(
    post,
    path = "/fulfillments/{id}/ship",
    tag = "fulfillments",
    security(("bearer" = [])),
    params(("id" = FulfillmentId, Path, description = "The parcel.")),
    responses(
        (status = 202, description = "It is shipping, or shipped already.", body = FulfillmentView),
        (status = 403, description = "The caller has neither the role vendor nor admin."),
        (status = 404, description = "No such shipment, or it has lines of another vendor."),
        (status = 409, description = "`order_not_confirmed`, `order_being_cancelled`, `not_paid`, `no_such_transition` or `order_being_changed`."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn ship_fulfillment(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(id): PathParameters<FulfillmentId>,
) -> Result<(StatusCode, Json<FulfillmentView>), Problem> {
    let parcel = app
        .fulfill_order
        .act(id, merchant(&caller), ParcelAction::Ship)
        .await
        .map_err(|error| fulfillment_refusal::of_fulfilling(&error))?;
    Ok((StatusCode::ACCEPTED, Json(FulfillmentView::from(parcel))))
}
