//! `PUT /orders/{id}/status`: a confirmed order is said to be completed.

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch},
    token::VendorOrAdmin,
};

use super::{order_view::OrderView, revision_refusal, state_name::OrderStatusName};
use crate::{
    app::App,
    infrastructure::http::{listing::merchant, precondition::precondition},
    values::OrderId,
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = NewOrderStatus, example = json!({ "status": "completed" }))]
pub struct NewStatusBody {
    /// `completed`, or the status that it has already.
    status: OrderStatusName,
}

/// Set an order's status
///
/// A confirmed order that is shipped and paid for becomes `completed`. It does so by itself once it is delivered. Admins may
/// for every order, vendors for orders that are wholly theirs.
#[utoipa::path(
    put,
    path = "/orders/{id}/status",
    tag = "orders",
    security(("bearer" = [])),
    params(
        ("id" = OrderId, Path, description = "The order."),
        IfMatch,
    ),
    request_body = NewStatusBody,
    responses(
        (status = 200, description = "The order as it is now.", body = OrderView, headers(("ETag" = String, description = "The order's version."))),
        (status = 403, description = "The caller has neither the role vendor nor admin, or sells only a part of the order."),
        (status = 404, description = "No such order, or none of its lines is the vendor's."),
        (status = 409, description = "`no_such_transition`, `not_shipped` or `not_paid`."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn set_order_status(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(id): PathParameters<OrderId>,
    if_match: IfMatch,
    ValidJson(body): ValidJson<NewStatusBody>,
) -> Result<(ETag, Json<OrderView>), Problem> {
    let order = app
        .set_order_status
        .run(
            id,
            merchant(&caller),
            &precondition(if_match),
            body.status.into(),
        )
        .await
        .map_err(|error| revision_refusal::of_revising(&error))?;
    Ok((ETag(order.state.version), Json(OrderView::from(order))))
}
