//! `POST /orders/{id}/returns`: a customer gives goods back.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    FieldError, PathParameters, Problem, ValidJson, idempotency::RequestKey,
    problem::ProblemDocument, token::Customer,
};

use super::{return_refusal, return_view::ReturnView};
use crate::{
    app::App,
    fulfillment::{
        http::create_fulfillment::{ParcelItemBody, items_of},
        model::{Packing, ReturnReason},
    },
    infrastructure::http::replay,
    intents::http::wisher::wisher,
    values::OrderId,
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = NewReturn, example = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }], "reason": "The handle is broken." }))]
pub struct NewReturnBody {
    /// Without them: everything that was shipped and is in no return.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<ParcelItemBody>>,
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl NewReturnBody {
    fn parse(self) -> Result<(Packing, Option<ReturnReason>), Problem> {
        let mut errors = Vec::new();
        let packing = match self.items {
            None => Packing::Rest,
            Some(items) => Packing::Lines(items_of(items, &mut errors)),
        };
        // Blank is as good as absent, as forms send it.
        let reason = self.reason.filter(|reason| !reason.trim().is_empty());
        let reason = match reason.map(ReturnReason::try_from) {
            None => None,
            Some(Ok(reason)) => Some(reason),
            Some(Err(error)) => {
                errors.push(FieldError::new("/reason", "invalid", error.to_string()));
                None
            }
        };
        if errors.is_empty() {
            Ok((packing, reason))
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

/// Give goods back
///
/// Asks to return what was shipped. Whoever sold it approves, and receives the goods; then the money goes back.
#[utoipa::path(
    post,
    path = "/orders/{id}/returns",
    tag = "returns",
    security(("bearer" = [])),
    params(
        ("id" = OrderId, Path, description = "The order."),
        ("Idempotency-Key" = Option<String>, Header, description = "Fresh for every new request, the same when one is repeated. 1 to 255 printable ASCII characters. Without one the server makes a key, and a repeated request is carried out again; shops may require it."),
    ),
    request_body = NewReturnBody,
    responses(
        (status = 201, description = "The return is requested.", body = ReturnView, headers(
            ("Idempotent-Replayed" = String, description = "`true` if an earlier request with this key asked for it."),
            ("Idempotency-Key" = String, description = "The key that the server made, if none was sent; send it with a repeated request."),
            ("Idempotency-Notice" = String, description = "Only if no Idempotency-Key was sent: a request repeated without that key is carried out again."),
        )),
        (status = 400, description = "Not JSON, or no usable Idempotency-Key.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is not a customer.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such order, or it is somebody else's.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "`nothing_left`: nothing was shipped that is in no return; or `order_being_changed`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field breaks a rule, `unknown_item`, `too_many` or `idempotency_key_reused`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`: this customer asks for too many changes, or too many of this are under way; see Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After, with the same key.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn create_return(
    State(app): State<App>,
    caller: Customer,
    PathParameters(order): PathParameters<OrderId>,
    key: RequestKey,
    ValidJson(body): ValidJson<NewReturnBody>,
) -> Result<impl IntoResponse, Problem> {
    let (packing, reason) = body.parse()?;
    let requested = app
        .return_goods
        .request(&wisher(&caller, &key), order, &packing, reason.as_ref())
        .await
        .map_err(|error| return_refusal::of_returning(&error))?;
    Ok((
        StatusCode::CREATED,
        replay::headers(requested.replayed),
        Json(ReturnView::from(requested.result)),
    ))
}
