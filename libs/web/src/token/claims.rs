//! The claims of an access token.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
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
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Role {
    Customer,
    Vendor,
    Admin,
}

#[derive(Debug, thiserror::Error)]
#[error("a role must be customer, vendor or admin")]
pub struct RoleError;

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Vendor => "vendor",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        match text.to_ascii_lowercase().as_str() {
            "customer" | "buyer" => Ok(Self::Customer),
            "vendor" | "seller" => Ok(Self::Vendor),
            "admin" => Ok(Self::Admin),
            _ => Err(RoleError),
        }
    }
}

impl TryFrom<String> for Role {
    type Error = RoleError;

    fn try_from(text: String) -> Result<Self, RoleError> {
        text.parse()
    }
}
