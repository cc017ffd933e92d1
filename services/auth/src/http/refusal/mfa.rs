//! How the errors of multi-factor authentication become problems.

use web::Problem;

use crate::mfa::{
    confirm::ConfirmError, disable::DisableError, enroll::EnrollError, proof::ProofError,
    renew::RenewError, reset::ResetMfaError,
};

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::WrongPassword => Self::invalid_field(
                "/password",
                "password_incorrect",
                "this is not the password of the account; send the current one",
            ),
            ProofError::WrongCode => Self::invalid_field(
                "/code",
                "mfa_code_incorrect",
                "the code is wrong or was used before; send the next code of the app",
            ),
            ProofError::WrongRecoveryCode => Self::invalid_field(
                "/recovery_code",
                "mfa_code_incorrect",
                "the recovery code is wrong or was used before; send another one",
            ),
            ProofError::Limit(error) => error.into(),
            ProofError::Password(error) => error.into(),
            ProofError::Database(error) => error.into(),
        }
    }
}

impl From<EnrollError> for Problem {
    fn from(error: EnrollError) -> Self {
        match error {
            EnrollError::AlreadyEnabled => mfa_already_enabled(),
            EnrollError::Deleted => Self::not_found(),
            EnrollError::Proof(error) => error.into(),
            EnrollError::Seal(error) => Self::internal(&error),
            EnrollError::Database(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::NotBegun | ConfirmError::Replaced => Self::conflict(
                "mfa_enrollment_missing",
                "There is no enrollment to confirm, or it was replaced. Begin one with POST /auth/mfa/totp.",
            ),
            ConfirmError::AlreadyEnabled => mfa_already_enabled(),
            ConfirmError::Proof(error) => error.into(),
            ConfirmError::Database(error) => error.into(),
        }
    }
}

impl From<DisableError> for Problem {
    fn from(error: DisableError) -> Self {
        match error {
            DisableError::NotEnabled => mfa_not_enabled(),
            DisableError::Proof(error) => error.into(),
            DisableError::Database(error) => error.into(),
        }
    }
}

impl From<RenewError> for Problem {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::NotEnabled => mfa_not_enabled(),
            RenewError::Proof(error) => error.into(),
            RenewError::Database(error) => error.into(),
        }
    }
}

impl From<ResetMfaError> for Problem {
    fn from(error: ResetMfaError) -> Self {
        match error {
            ResetMfaError::NotFound => Self::not_found(),
            ResetMfaError::OwnAccount => Self::conflict(
                "own_account",
                "This is your own account. Disable its second factor with POST /auth/mfa/totp/disable.",
            ),
            ResetMfaError::Outranked(error) => error.into(),
            ResetMfaError::Deleted(error) => error.into(),
            ResetMfaError::Database(error) => error.into(),
        }
    }
}

fn mfa_already_enabled() -> Problem {
    Problem::conflict(
        "mfa_already_enabled",
        "This account has a second factor. Disable it before another one is enrolled.",
    )
}

fn mfa_not_enabled() -> Problem {
    Problem::conflict(
        "mfa_not_enabled",
        "This account has no second factor. Enroll one with POST /auth/mfa/totp.",
    )
}
