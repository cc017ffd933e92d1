//! The claims of an access token.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;
use uuid::Uuid;

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
    pub roles: Vec<Role>,
    /// The user's epoch when the token was issued; it rises when roles, status or password change.
    #[serde(default)]
    pub epoch: i64,
}

/// The role of a user. Input also accepts `buyer` and `seller`, in any letter case.
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
