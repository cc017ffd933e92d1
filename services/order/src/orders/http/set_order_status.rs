//! `PUT /orders/{id}/status`: a confirmed order is said to be completed.

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch},
    problem::ProblemDocument,
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
        ("If-Match" = String, Header, description = "The ETag that was read, or *."),
    ),
    request_body = NewStatusBody,
    responses(
        (status = 200, description = "The order as it is now.", body = OrderView, headers(("ETag" = String, description = "The order's version."))),
        (status = 400, description = "The body is not JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is neither vendor nor admin, or a vendor of only a part of the order.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order, or nothing of the vendor is in it.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`no_such_transition`, `not_shipped` or `not_paid`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 412, description = "It changed since it was read.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
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
