//! The status of an account, and how it changes.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize, Deserialize, ToSchema,
)]
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

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the account is deleted")]
pub struct DeletedAccount;

impl Status {
    /// Whether the user may log in and use the own account, gets messages, and the tokens in them count. What else the user
    /// may do follows from the roles of the token.
    pub fn may_log_in(self) -> bool {
        match self {
            Self::Active | Self::Pending => true,
            Self::Suspended | Self::Deleted => false,
        }
    }

    /// Refuses what may be done to any account but a deleted one.
    pub fn not_deleted(self) -> Result<(), DeletedAccount> {
        match self {
            Self::Active | Self::Suspended | Self::Pending => Ok(()),
            Self::Deleted => Err(DeletedAccount),
        }
    }

    /// What a suspension changes the status to; `None`: nothing to change.
    pub fn suspended(self) -> Result<Option<Self>, DeletedAccount> {
        match self {
            Self::Active | Self::Pending => Ok(Some(Self::Suspended)),
            Self::Suspended => Ok(None),
            Self::Deleted => Err(DeletedAccount),
        }
    }

    /// What a deletion changes the status to; `None`: nothing to change.
    pub fn deleted(self) -> Option<Self> {
        match self {
            Self::Active | Self::Suspended | Self::Pending => Some(Self::Deleted),
            Self::Deleted => None,
        }
    }

    /// What an activation changes the status to; `None`: nothing to change. It also admits an account that is pending.
    pub fn activated(self) -> Result<Option<Self>, DeletedAccount> {
        match self {
            Self::Suspended | Self::Pending => Ok(Some(Self::Active)),
            Self::Active => Ok(None),
            Self::Deleted => Err(DeletedAccount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_to_the_same_status_is_none_and_a_deleted_account_stays_so() {
        let (suspended, active) = (Ok(Some(Status::Suspended)), Ok(Some(Status::Active)));
        for (status, on_suspension, on_activation) in [
            (Status::Active, suspended, Ok(None)),
            (Status::Suspended, Ok(None), active),
        ] {
            assert_eq!(status.suspended(), on_suspension, "{status:?}");
            assert_eq!(status.activated(), on_activation, "{status:?}");
        }
        assert_eq!(Status::Pending.suspended(), Ok(Some(Status::Suspended)));
        assert_eq!(Status::Pending.activated(), Ok(Some(Status::Active)));
        for status in [Status::Active, Status::Suspended, Status::Pending] {
            assert_eq!(status.deleted(), Some(Status::Deleted), "{status:?}");
            assert_eq!(status.not_deleted(), Ok(()), "{status:?}");
        }
        assert_eq!(Status::Deleted.not_deleted(), Err(DeletedAccount));
        assert_eq!(Status::Deleted.deleted(), None);
        assert_eq!(Status::Deleted.suspended(), Err(DeletedAccount));
        assert_eq!(Status::Deleted.activated(), Err(DeletedAccount));
    }
}
