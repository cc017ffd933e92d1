//! A caller with a permission, as the endpoints of this service require one. The other services read in a feed which tokens
//! were revoked; this one asks its database, which refuses an ended session, a revoked key and a suspended admin at once.

use std::ops::Deref;

use access::{Requires, permissions::Permission};
use axum::{extract::FromRequestParts, http::request::Parts};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use web::Problem;

use crate::{app::App, tokens};

/// A caller with the permission `P`, whose session or API key is live and whose account is active.
pub struct Permitted<P>(Requires<P>);

impl<P> Deref for Permitted<P> {
    type Target = Requires<P>;

    fn deref(&self) -> &Requires<P> {
        &self.0
    }
}

impl<P: Permission> FromRequestParts<App> for Permitted<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Requires::from_request_parts(parts, app).await?;
        tokens::refuse_revoked(&app.pool, &caller).await?;
        Ok(Self(caller))
    }
}

/// How OpenAPI shows the requirement: `params(Permitted<users::List>, …)`.
impl<P: Permission> IntoParams for Permitted<P> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Requires::<P>::into_params(place)
    }
}
