//! `DELETE /users/{id}/addresses/{address}`

use access::permissions::users;
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem, conditional::OptionalIfMatch};

use super::owner;
use crate::{
    addresses::{model::AddressId, remove_address::remove_address},
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
};

/// Delete an address
///
/// If it was a default, the user has none afterwards. If-Match is checked if sent. Orders keep the address that they were
/// placed with. Only the owner of the address book may change it.
#[utoipa::path(
    delete,
    path = "/users/{id}/addresses/{address}",
    tag = "users",
    params(
        Permitted<users::Update>,
        ("id" = inline(UserRef), Path, description = "The user; `me` is the caller."),
        ("address" = AddressId, Path, description = "The address."),
        OptionalIfMatch,
    ),
    responses(
        (status = 204, description = "The address was deleted."),
        (status = 403, description = "`forbidden`: only the owner of an address book may change it."),
    )
)]
pub(super) async fn delete_address(
    State(app): State<App>,
    caller: Permitted<users::Update>,
    PathParameters((user, id)): PathParameters<(UserRef, AddressId)>,
    OptionalIfMatch(if_match): OptionalIfMatch,
) -> Result<StatusCode, Problem> {
    let user = owner(user, &caller)?;
    remove_address(&app, user, id, &if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}
