//! `PUT /inventory/{sku}`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch},
    idempotency::IdempotencyKey,
    problem::ProblemDocument,
    token::VendorOrAdmin,
};

use super::inventory_view::InventoryView;
use crate::{
    app::App,
    catalog::products::model::{Owner, Reason, Sku},
    idempotency::{Answer, Once},
    stock::{
        inventory::{
            ChangeOnHand, NewCount, change_on_hand,
            model::{Inventory, MAX_ON_HAND},
        },
        locations::model::LocationCode,
    },
};

#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "on_hand": 12, "reason": "stocktaking" }))]
pub(crate) struct SetInventory {
    /// How many there are.
    #[garde(range(min = 0, max = MAX_ON_HAND))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    on_hand: i64,
    /// Stock is low from here on down; as it was where absent.
    #[garde(inner(range(min = 0, max = MAX_ON_HAND)))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    low_stock_threshold: Option<i64>,
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    reason: Option<Reason>,
    /// Where; needed once the SKU has units in several places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<LocationCode>,
    /// `true`: orders lose what they have and is not there, the newest reservations first, then the newest
    /// confirmed orders.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    force: bool,
}

/// Set how many there are
///
/// Compare and set: If-Match carries the `ETag` that was read, which says how many were on hand.
#[utoipa::path(
    put,
    path = "/inventory/{sku}",
    tag = "inventory",
    security(("bearer" = [])),
    params(
        ("sku" = String, Path, description = "The SKU, in capital or small letters.", example = "MUG-BLUE-350"),
        ("Idempotency-Key" = String, Header, description = "Fresh for a new request, the same for a retry."),
        ("If-Match" = String, Header, description = "The ETag that was read, or *."),
    ),
    request_body = SetInventory,
    responses(
        (status = 200, description = "Its stock as it is now.", body = InventoryView, headers(
            ("ETag" = String, description = "How many are on hand, for If-Match."),
            ("Idempotent-Replayed" = String, description = "`true` on the answer to a repeated request."),
        )),
        (status = 400, description = "The body is not JSON, or the Idempotency-Key is missing.", body = ProblemDocument),
        (status = 401, description = "No access token, or one that is not good.", body = ProblemDocument),
        (status = 403, description = "The caller is neither vendor nor admin.", body = ProblemDocument),
        (status = 404, description = "The caller has no product with this SKU.", body = ProblemDocument),
        (status = 409, description = "`below_committed`: orders have more, see `force`; or `idempotency_in_flight`.", body = ProblemDocument),
        (status = 412, description = "The count changed since it was read.", body = ProblemDocument),
        (status = 413, description = "The body is larger than 1 MiB.", body = ProblemDocument),
        (status = 415, description = "The body is not of type JSON.", body = ProblemDocument),
        (status = 422, description = "A field breaks a rule, or `idempotency_key_reused`.", body = ProblemDocument),
        (status = 428, description = "If-Match is missing.", body = ProblemDocument),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn set_inventory(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(sku): PathParameters<Sku>,
    key: IdempotencyKey,
    if_match: IfMatch,
    ValidJson(request): ValidJson<SetInventory>,
) -> Result<Answer, Problem> {
    let once = Once::try_new(caller.id, "set_inventory", &key, &(&sku, &request))?;
    let _flight = app.in_flight.enter(&once)?;
    let change = ChangeOnHand {
        sku,
        owner: Owner::of(&caller),
        location: request.location,
        count: NewCount::Set {
            on_hand: request.on_hand,
            low_stock_threshold: request.low_stock_threshold,
            if_match,
        },
        reason: request.reason,
        force: request.force,
    };
    Ok(change_on_hand(&app.pool, app.clock, &change, &once, answer).await?)
}

pub(super) fn answer(inventory: Inventory) -> Result<Answer, serde_json::Error> {
    let etag = ETag(inventory.on_hand);
    Answer::try_new(StatusCode::OK, None, etag, &InventoryView::from(inventory))
}
