//! `GET /users/{id}/addresses/{address}`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{PathParameters, Problem, conditional::ETag};

use crate::{
    accounts::model::UserId,
    addresses::{self, model::AddressId},
    app::App,
    http::{address_view::AddressView, permitted::Permitted, user_ref::UserRef},
};

/// Get an address
///
/// Users read their own addresses, admins those of everyone.
#[utoipa::path(
    get,
    path = "/users/{id}/addresses/{address}",
    tag = "users",
    params(
        Permitted<users::Read>,
        ("id" = inline(UserRef), Path, description = "The user; `me` is the caller."),
        ("address" = AddressId, Path, description = "The address."),
    ),
    responses(
        (status = 200, description = "The address.", body = AddressView, headers(("ETag" = String, description = "Its version, for If-Match."))),
    )
)]
pub(super) async fn get_address(
    State(app): State<App>,
    caller: Permitted<users::Read>,
    PathParameters((user, id)): PathParameters<(UserRef, AddressId)>,
) -> Result<(ETag, Json<AddressView>), Problem> {
    let user = user.within(caller.reach, UserId(caller.id))?;
    let address = addresses::find(&app.pool, user, id).await?;
    let address = address.ok_or_else(Problem::not_found)?;
    Ok((ETag(address.version), Json(address.into())))
}
