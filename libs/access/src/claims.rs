//! The claims of an access token.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Permissions;

/// The `typ` of an access token's header (RFC 9068, section 2.1).
pub const TOKEN_TYPE: &str = "at+jwt";

/// The accepted issuer and audience of access tokens, both of one stack.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenScope {
    /// The required `iss` of access tokens.
    #[arg(long = "token-issuer", env = "TOKEN_ISSUER")]
    pub issuer: String,
    /// The required `aud` of access tokens: the stack.
    #[arg(long = "token-audience", env = "TOKEN_AUDIENCE")]
    pub audience: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The session that the token was made for.
    pub sid: Uuid,
    pub jti: Uuid,
    /// Seconds since 1970.
    pub iat: i64,
    pub exp: i64,
    /// Names of roles, custom ones among them.
    pub roles: Vec<String>,
    /// The permissions of these roles, separated by spaces (RFC 9068, section 2.2.3). Tokens of the release before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The user's epoch when the token was issued; it rises when roles, status or password change.
    #[serde(default)]
    pub epoch: i64,
}

impl Claims {
    /// What the token permits; without a scope, what its built-in roles permit.
    pub fn permissions(&self) -> Permissions {
        if let Some(scope) = &self.scope {
            return Permissions::of_scope(scope);
        }
        let roles = self.roles.iter();
        Permissions::of_roles(roles.filter_map(|name| Role::built_in(name)))
    }
}

/// A built-in role. Input also accepts `buyer` and `seller`, in any letter case.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[strum(ascii_case_insensitive, const_into_str)]
#[strum(parse_err_ty = RoleError, parse_err_fn = unknown_role)]
pub enum Role {
    #[strum(to_string = "customer", serialize = "buyer")]
    Customer,
    #[strum(to_string = "vendor", serialize = "seller")]
    Vendor,
    #[strum(to_string = "admin")]
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Customer, Self::Vendor, Self::Admin];

    /// The role that is stored under exactly this name: `Seller` may be the name of a custom one.
    pub fn built_in(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.into_str() == name)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a role must be customer, vendor or admin")]
pub struct RoleError;

fn unknown_role(_: &str) -> RoleError {
    RoleError
}

impl TryFrom<String> for Role {
    type Error = RoleError;

    fn try_from(text: String) -> Result<Self, RoleError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use clock::Ids;
    use serde_json::json;

    use super::*;
    use crate::permissions::{orders, payments};

    fn claims(more: &serde_json::Value) -> Claims {
        let id = Ids::system().uuid();
        let mut claims = json!({
            "iss": "a", "aud": "b", "sub": id, "sid": id, "jti": id, "iat": 1, "exp": 2,
        });
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn a_scope_decides_and_not_the_names_of_roles() {
        let token = claims(&json!({ "roles": ["admin"], "scope": "orders:read:own future:thing" }));
        assert_eq!(token.permissions().to_string(), "orders:read:own");
        let token = claims(&json!({ "roles": ["admin"], "scope": "" }));
        assert_eq!(token.permissions(), Permissions::NONE);
        let token = claims(&json!({ "roles": ["support"], "scope": "payments:refund" }));
        assert!(token.permissions().may::<payments::Refund>());
    }

    #[test]
    fn a_token_of_the_release_before_has_the_permissions_of_its_roles() {
        let token = claims(&json!({ "roles": ["customer"] }));
        assert_eq!(token.permissions(), Permissions::of_role(Role::Customer));
        assert_eq!(token.epoch, 0);
        // Only the exact names are built-in roles.
        let token = claims(&json!({ "roles": ["seller", "Admin"] }));
        assert_eq!(token.permissions(), Permissions::NONE);
        let token = claims(&json!({ "roles": [], "scope": null }));
        assert!(!token.permissions().may::<orders::Create>());
    }

    #[test]
    fn the_release_before_reads_the_token_of_a_built_in_role() {
        #[derive(Deserialize)]
        struct Before {
            roles: Vec<Role>,
        }
        let token = claims(&json!({ "roles": ["vendor"], "scope": "stock:read:own" }));
        let text = serde_json::to_string(&token).unwrap();
        let read: Before = serde_json::from_str(&text).unwrap();
        assert_eq!(read.roles, [Role::Vendor]);
        assert_eq!(serde_json::from_str::<Claims>(&text).unwrap(), token);
    }
}
