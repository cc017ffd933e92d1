//! Why a session ended.

use strum::IntoStaticStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum EndReason {
    /// The user logged out of it.
    Logout,
    /// Its refresh token was used twice.
    Reuse,
    /// The user ended it from another session, it was the oldest of too many, or the account was deleted.
    Revoked,
    /// The user logged out everywhere.
    LogoutAll,
    PasswordChanged,
    /// The account was suspended.
    Suspended,
}
