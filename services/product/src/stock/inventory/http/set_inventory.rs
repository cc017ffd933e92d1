//! `PUT /inventory/{sku}`

use access::{Requires, permissions::stock};
use axum::{extract::State, http::StatusCode};
use garde::Validate;
use idempotency::{Answer, IdempotencyKey, Once};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch},
    schema::Line,
};

use crate::{
    app::App,
    catalog::products::model::{Owner, Reason, Sku},
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
    /// The number of units on hand.
    #[garde(range(min = 0, max = MAX_ON_HAND))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    on_hand: i64,
    /// Stock is low at or below this number; unchanged if absent.
    #[garde(inner(range(min = 0, max = MAX_ON_HAND)))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    low_stock_threshold: Option<i64>,
    #[schema(value_type = Option<Line<200>>, inline)]
    reason: Option<Reason>,
    /// The location; required if the SKU has units in several locations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<LocationCode>,
    /// `true`: takes units away from orders if stock is insufficient, from the newest reservations first, then from the
    /// newest confirmed orders.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    force: bool,
}

/// Set the stock of a SKU
///
/// Compare and set: If-Match carries the `ETag` that was read, which identifies the number of units on hand.
#[utoipa::path(
    put,
    path = "/inventory/{sku}",
    tag = "inventory",
    params(
        Requires<stock::Write>,
        ("sku" = String, Path, description = "The SKU, in upper or lower case.", example = "MUG-BLUE-350"),
        IdempotencyKey,
        IfMatch,
    ),
    request_body = SetInventory,
    responses(
        (status = 200, description = "The stock after the change.", body = Inventory, headers(
            ("ETag" = String, description = "The number of units on hand, for If-Match."),
        )),
        (status = 404, description = "No product has this SKU, or it belongs to another vendor."),
        (status = 409, description = "`below_committed`: orders hold more units than would be left; see `force`. `idempotency_key_in_use`: the first request with this key is still in progress."),
        (status = 412, description = "`precondition_failed`: the number of units on hand has changed since it was read."),
    )
)]
pub(super) async fn set_inventory(
    State(app): State<App>,
    caller: Requires<stock::Write>,
    PathParameters(sku): PathParameters<Sku>,
    key: IdempotencyKey,
    if_match: IfMatch,
    ValidJson(request): ValidJson<SetInventory>,
) -> Result<Answer, Problem> {
    let once = Once::try_new(caller.id, "set_inventory", &key, &(&sku, &request))?;
    let _flight = app.in_flight.enter(once.hash())?;
    let change = ChangeOnHand {
        sku,
        owner: Owner::of(&caller),
        location: request.location,
        count: NewCount::Set {
            on_hand: request.on_hand,
            if_match,
        },
        low_stock_threshold: request.low_stock_threshold,
        reason: request.reason,
        force: request.force,
    };
    Ok(change_on_hand(&app.pool, app.ids, &change, &once, answer).await?)
}

pub(super) fn answer(inventory: &Inventory) -> Result<Answer, serde_json::Error> {
    Answer::try_new(StatusCode::OK, None, ETag(inventory.on_hand), &inventory)
}
