//! Second factors: one-time codes of an app, and recovery codes for a user who has lost the app.

mod base32;
mod recovery_code;
mod totp;

pub use self::{
    recovery_code::{RecoveryCode, RecoveryCodeError},
    totp::{TotpCode, TotpCodeError, TotpSecret},
};

/// What a client presents besides the password.
pub enum SecondFactor {
    Code(TotpCode),
    RecoveryCode(RecoveryCode),
}

/// The factor of a user as the database has it.
pub struct StoredFactor {
    /// The encrypted secret.
    pub sealed: Vec<u8>,
    pub confirmed: bool,
    /// The step of the last code that was accepted.
    pub last_step: i64,
}
