//! `PATCH /users/{id}`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch, OptionalIfMatch},
};

use super::update_profile::UpdateProfile;
use crate::{
    accounts::{self, actor::Actor, model::UserId, update_user::update_user as update},
    app::App,
    http::{permitted::Permitted, user_ref::UserRef, user_view::UserView},
};

/// Change a user
///
/// A merge patch: absent members keep their values, `"username": null` removes the username. If-Match is required for the
/// account of another user, and checked if sent for the caller's own.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    tag = "users",
    params(
        Permitted<users::Update>,
        ("id" = inline(UserRef), Path, description = "The user; `me` for the caller."),
        OptionalIfMatch,
    ),
    request_body(content((UpdateProfile = "application/json"), (UpdateProfile = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The account after the change.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 403, description = "The permission is missing, or the user holds permissions over others that the caller does not hold."),
        (status = 409, description = "`username_taken` or `account_deleted`."),
        (status = 428, description = "`if_match_required`: If-Match is missing, and the account is not the caller's own."),
    )
)]
pub(super) async fn update_user(
    State(app): State<App>,
    caller: Permitted<users::Update>,
    PathParameters(user): PathParameters<UserRef>,
    if_match: Result<IfMatch, Problem>,
    ValidJson(request): ValidJson<UpdateProfile>,
) -> Result<(ETag, Json<UserView>), Problem> {
    let actor = Actor::from(&**caller);
    let id = user.within(caller.reach, UserId(caller.id))?;
    let is_own = id == actor.id;
    let versions = match if_match {
        Ok(IfMatch::Versions(versions)) => Some(versions),
        Ok(IfMatch::Any) => None,
        Err(_) if is_own => None,
        Err(missing) => return Err(missing),
    };
    let (change, versions) = (request.into(), versions.as_deref());
    let user = if is_own {
        accounts::update_profile(&app.pool, id, &change, versions).await?
    } else {
        update(&app, actor, id, &change, versions).await?
    };
    Ok((ETag(user.version), Json(user.into())))
}
