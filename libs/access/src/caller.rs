//! Who calls, as a type in a handler's signature: `caller: Requires<orders::Read>` admits those with this permission.

use std::{marker::PhantomData, ops::Deref};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};
use uuid::Uuid;

use super::{
    Verifier,
    permissions::{Permission, Permissions, Reach},
};
use crate::internal;
use web::{Problem, authorization::carries_token, document};

/// Anyone with a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    pub id: Uuid,
    pub session: Uuid,
    pub permissions: Permissions,
    /// The user's epoch when the token was issued.
    pub epoch: i64,
}

impl Caller {
    pub fn reach<P: Permission>(&self) -> Reach {
        self.permissions.reach::<P>()
    }

    pub fn may<P: Permission>(&self) -> bool {
        self.permissions.may::<P>()
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = presented(&parts.headers).ok_or_else(|| {
            Problem::unauthorized(
                "token_missing",
                "Send an access token: Authorization: Bearer <token>.",
            )
        })?;
        Verifier::from_ref(state).verify(token).await
    }
}

/// A caller with the permission `P`.
pub struct Requires<P> {
    /// `Own` or `Any`.
    pub reach: Reach,
    caller: Caller,
    permission: PhantomData<fn() -> P>,
}

impl<P> Deref for Requires<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S, P> FromRequestParts<S> for Requires<P>
where
    S: Send + Sync,
    Verifier: FromRef<S>,
    P: Permission,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let reach = caller.reach::<P>();
        if reach == Reach::No {
            return Err(Problem::forbidden(P::ROW.refusal()));
        }
        let changes_what_belongs_to_others = reach == Reach::Any && !parts.method.is_safe();
        if P::ROW.needs_fresh() || changes_what_belongs_to_others {
            Verifier::from_ref(state).require_fresh()?;
        }
        Ok(Self {
            reach,
            caller,
            permission: PhantomData,
        })
    }
}

/// How OpenAPI shows the requirement: `params(Requires<orders::Read>, …)`.
impl<P: Permission> IntoParams for Requires<P> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![document::authorization(P::ROW.refusal())]
    }
}

/// A caller with a valid token, or one without a token; a bad token is still a 401.
#[derive(Clone, Debug)]
pub struct Guest(pub Option<Caller>);

impl<S> FromRequestParts<S> for Guest
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !carries_token(&parts.headers) {
            return Ok(Self(None));
        }
        Caller::from_request_parts(parts, state)
            .await
            .map(|caller| Self(Some(caller)))
    }
}

/// The token presented; `Authentication` is a compatibility alias.
fn presented(headers: &HeaderMap) -> Option<&str> {
    internal::bearer(headers)
        .or_else(|| internal::bearer_of(headers.get("authentication")?.to_str().ok()?))
}
