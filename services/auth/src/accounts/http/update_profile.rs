//! `PATCH /auth/profile`, and `PUT` as its alias.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{header, request::Parts},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    conditional::{ETag, IfMatch, OptionalIfMatch},
    schema::Line,
};

use crate::{
    accounts::{
        self, ProfileChange,
        model::{FullName, Username},
    },
    app::App,
    http::{signed_in::SignedIn, user_view::UserView},
};

/// A merge patch (RFC 7396): absent members keep their values, null removes a value.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "full_name": "Ann Other", "username": null }))]
pub(crate) struct UpdateProfile {
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Line<200>, inline, required = false)]
    full_name: Option<FullName>,
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{2,31}$")]
    #[expect(
        clippy::option_option,
        reason = "absent and null differ in a merge patch"
    )]
    username: Option<Option<Username>>,
}

impl From<UpdateProfile> for ProfileChange {
    fn from(request: UpdateProfile) -> Self {
        Self {
            full_name: request.full_name,
            username: request.username,
        }
    }
}

/// The versions of `If-Match`, if the client sent it.
pub(crate) struct Versions(Option<Vec<i64>>);

impl<S: Sync> FromRequestParts<S> for Versions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(Self(None));
        }
        match IfMatch::from_request_parts(parts, state).await? {
            IfMatch::Any => Ok(Self(None)),
            IfMatch::Versions(versions) => Ok(Self(Some(versions))),
        }
    }
}

/// Change the caller's account
///
/// A merge patch: absent members keep their values, `"username": null` removes the username. If-Match is checked if
/// sent.
#[utoipa::path(
    patch,
    path = "/auth/profile",
    tag = "auth",
    security(("bearer" = [])),
    params(OptionalIfMatch),
    request_body(content((UpdateProfile = "application/json"), (UpdateProfile = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The account after the change.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 409, description = "`username_taken`."),
    )
)]
pub(super) async fn patch_profile(
    State(app): State<App>,
    caller: SignedIn,
    Versions(versions): Versions,
    ValidJson(request): ValidJson<UpdateProfile>,
) -> Result<(ETag, Json<UserView>), Problem> {
    let (user, change) = (caller.user.id, request.into());
    let user = accounts::update_profile(&app.pool, user, &change, versions.as_deref()).await?;
    Ok((ETag(user.version), Json(user.into())))
}

/// Change the caller's account (same as PATCH)
#[utoipa::path(
    put,
    path = "/auth/profile",
    tag = "auth",
    security(("bearer" = [])),
    params(OptionalIfMatch),
    request_body = UpdateProfile,
    responses(
        (status = 200, description = "The account after the change.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 409, description = "`username_taken`."),
    )
)]
pub(super) async fn put_profile(
    app: State<App>,
    caller: SignedIn,
    versions: Versions,
    request: ValidJson<UpdateProfile>,
) -> Result<(ETag, Json<UserView>), Problem> {
    patch_profile(app, caller, versions, request).await
}
