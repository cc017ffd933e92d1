//! What the shop requires of the accounts of its users.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What the shop requires of the accounts of its users.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// Which accounts must have a second factor; `none` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_mfa: Option<RequireMfa>,
}

/// Which accounts must have a second factor: none of them (`none`, the default), or those with the role admin (`admins`). An
/// administrator without a second factor can log in to enroll one, and has no permissions of an administrator until then.
/// Every user may enroll a second factor.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum RequireMfa {
    /// Every user may choose.
    #[default]
    None,
    /// Accounts with the role admin.
    Admins,
}

impl Security {
    pub fn require_mfa(&self) -> RequireMfa {
        self.require_mfa.unwrap_or_default()
    }
}
