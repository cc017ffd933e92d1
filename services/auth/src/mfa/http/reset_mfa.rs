//! `DELETE /users/{id}/mfa`

use access::permissions::users;
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    accounts::actor::Actor,
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
    mfa::reset::reset,
};

/// Remove a user's second factor
///
/// For a user who has lost the app and the recovery codes: make sure who asks for it, since the password alone suffices for
/// the next login. Sessions continue; their access tokens have to be refreshed. If the shop requires a second factor of the
/// account, it has the permissions of a customer or vendor at most until another app is confirmed. Recorded in the audit
/// log. Idempotent.
#[utoipa::path(
    delete,
    path = "/users/{id}/mfa",
    tag = "users",
    params(Permitted<users::Suspend>, ("id" = inline(UserRef), Path, description = "The user.")),
    responses(
        (status = 204, description = "The account has no second factor."),
        (status = 403, description = "The permission is missing, or the user holds permissions over others that the caller does not hold."),
        (status = 409, description = "`own_account`: the user is the caller, who uses `POST /auth/mfa/totp/disable`; or `account_deleted`."),
    )
)]
pub(super) async fn reset_mfa(
    State(app): State<App>,
    caller: Permitted<users::Suspend>,
    PathParameters(user): PathParameters<UserRef>,
) -> Result<StatusCode, Problem> {
    let actor = Actor::from(&**caller);
    reset(&app, actor, user.of(actor.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
