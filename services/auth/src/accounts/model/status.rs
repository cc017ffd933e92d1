//! The status of an account.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Status {
    Active,
    Suspended,
    /// A vendor who waits for the decision of an admin.
    Pending,
    /// What is left of an account whose user was deleted: an id without a person.
    Deleted,
}

impl Status {
    /// Whether the user may log in and use the own account. What else the user may do follows from the roles of the token.
    pub fn may_log_in(self) -> bool {
        match self {
            Self::Active | Self::Pending => true,
            Self::Suspended | Self::Deleted => false,
        }
    }
}
