//! Who calls, as a type in a handler's signature: `caller: Customer` admits customers, and says so on sight.

use std::ops::Deref;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use uuid::Uuid;

use super::{Claims, Role, Verifier};
use crate::{Problem, internal};

/// Anyone with a valid token.
#[derive(Clone, Debug)]
pub struct Caller {
    pub id: Uuid,
    pub session: Uuid,
    pub roles: Vec<Role>,
}

impl Caller {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl From<&Claims> for Caller {
    fn from(claims: &Claims) -> Self {
        Self {
            id: claims.sub,
            session: claims.sid,
            roles: claims.roles.clone(),
        }
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
        let verifier = Verifier::from_ref(state);
        let caller = verifier.verify(token).await?;
        if caller.has(Role::Admin) && !parts.method.is_safe() {
            verifier.require_fresh()?;
        }
        Ok(caller)
    }
}

/// Whoever `C` admits, while it is known who has been locked out: for money. An administrator needs it for every
/// change, and for all that only administrators see.
#[derive(Clone, Debug)]
pub struct Fresh<C>(pub C);

impl<S, C> FromRequestParts<S> for Fresh<C>
where
    S: Send + Sync,
    Verifier: FromRef<S>,
    C: FromRequestParts<S, Rejection = Problem>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = C::from_request_parts(parts, state).await?;
        Verifier::from_ref(state).require_fresh()?;
        Ok(Self(caller))
    }
}

impl<C: Deref<Target = Caller>> Deref for Fresh<C> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

/// Nobody, or anyone with a valid token; a bad token is still a 401.
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

macro_rules! callers {
    ($($(#[$docs:meta])* $name:ident: $($role:ident)|+, $refusal:literal;)+) => {$(
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Caller);

        impl Deref for $name {
            type Target = Caller;

            fn deref(&self) -> &Caller {
                &self.0
            }
        }

        impl<S> FromRequestParts<S> for $name
        where
            S: Send + Sync,
            Verifier: FromRef<S>,
        {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let caller = Caller::from_request_parts(parts, state).await?;
                let admitting: &[Role] = &[$(Role::$role),+];
                if !admitting.iter().any(|role| caller.has(*role)) {
                    return Err(Problem::forbidden($refusal));
                }
                if admitting == [Role::Admin] {
                    Verifier::from_ref(state).require_fresh()?;
                }
                Ok(Self(caller))
            }
        }
    )+};
}

callers! {
    /// A caller with the role `customer`.
    Customer: Customer, "The role customer is required.";
    /// A caller with the role `vendor`.
    Vendor: Vendor, "The role vendor is required.";
    /// A caller with the role `admin`.
    Admin: Admin, "The role admin is required.";
    /// A caller with the role `vendor` or `admin`.
    VendorOrAdmin: Vendor | Admin, "The role vendor or admin is required.";
    /// A caller with the role `customer` or `admin`.
    CustomerOrAdmin: Customer | Admin, "The role customer or admin is required.";
}

/// Whether a request carries a token, good or bad.
pub(crate) fn carries_token(headers: &HeaderMap) -> bool {
    headers.contains_key("authorization") || headers.contains_key("authentication")
}

/// Whether a request carries several tokens: whoever stands in between may have looked at another one than we would.
pub(crate) fn is_ambiguous(headers: &HeaderMap) -> bool {
    let count = |name| headers.get_all(name).iter().count();
    count("authorization") + count("authentication") > 1
}

/// The token presented; `Authentication` is a compatibility alias.
fn presented(headers: &HeaderMap) -> Option<&str> {
    internal::bearer(headers)
        .or_else(|| internal::bearer_of(headers.get("authentication")?.to_str().ok()?))
}
