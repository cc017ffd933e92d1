//! The second factor of a body: the member `code` or the member `recovery_code`.

use web::Problem;

use crate::mfa::model::{RecoveryCode, SecondFactor, TotpCode};

/// At most one of the two.
pub(crate) fn optional(
    code: Option<TotpCode>,
    recovery_code: Option<RecoveryCode>,
) -> Result<Option<SecondFactor>, Problem> {
    match (code, recovery_code) {
        (None, None) => Ok(None),
        (Some(code), None) => Ok(Some(SecondFactor::Code(code))),
        (None, Some(code)) => Ok(Some(SecondFactor::RecoveryCode(code))),
        (Some(_), Some(_)) => Err(Problem::invalid_field(
            "/recovery_code",
            "exclusive",
            "send either code or recovery_code, not both",
        )),
    }
}

/// Exactly one of the two.
pub(crate) fn required(
    code: Option<TotpCode>,
    recovery_code: Option<RecoveryCode>,
) -> Result<SecondFactor, Problem> {
    optional(code, recovery_code)?.ok_or_else(missing)
}

/// Neither of the two, where one is needed.
pub(crate) fn missing() -> Problem {
    Problem::invalid_field("/code", "required", "send code or recovery_code")
}
