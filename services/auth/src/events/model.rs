//! An event of an account.

use serde_json::Value;
use strum::{EnumString, IntoStaticStr};

use crate::accounts::model::UserId;

ids::id!(pub EventId, "evt");

pub struct Event {
    pub id: EventId,
    pub event_type: EventType,
    pub user: UserId,
    /// Ids and names of fields; no personal data and no secret.
    pub data: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(const_into_str)]
pub enum EventType {
    #[strum(serialize = "user.registered")]
    UserRegistered,
    #[strum(serialize = "user.suspended")]
    UserSuspended,
    #[strum(serialize = "user.activated")]
    UserActivated,
    #[strum(serialize = "user.deleted")]
    UserDeleted,
    #[strum(serialize = "user.password_changed")]
    PasswordChanged,
    #[strum(serialize = "user.password_reset_requested")]
    PasswordResetRequested,
    #[strum(serialize = "user.email_verification_requested")]
    EmailVerificationRequested,
    #[strum(serialize = "user.email_change_requested")]
    EmailChangeRequested,
    #[strum(serialize = "user.email_changed")]
    EmailChanged,
    #[strum(serialize = "user.mfa_enabled")]
    MfaEnabled,
    #[strum(serialize = "user.mfa_disabled")]
    MfaDisabled,
    /// An admin removed the second factor.
    #[strum(serialize = "user.mfa_reset")]
    MfaReset,
    #[strum(serialize = "user.recovery_code_used")]
    RecoveryCodeUsed,
}
