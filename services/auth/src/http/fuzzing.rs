//! For fuzzing: every body that an unauthenticated client may send, parsed as its endpoint parses it.

use web::json::from_slice;

use crate::{
    accounts::http::{register_user::RegisterUser, update_profile::UpdateProfile},
    mfa::http::{
        begin_totp::BeginTotp, confirm_totp::ConfirmTotp, disable_totp::DisableTotp,
        renew_recovery_codes::RenewRecoveryCodes,
    },
    roles::http::{assign_role::AssignRole, create_role::CreateRole, update_role::UpdateRole},
    sessions::{
        http::{log_in::LogIn, refresh_session::RefreshSession},
        log_in::Credentials,
    },
};

/// No content of `text` may end the process.
pub fn read_bodies(text: &[u8]) {
    if let Ok(body) = from_slice::<LogIn>(text) {
        let _ = Credentials::try_from(body);
    }
    let _ = from_slice::<RegisterUser>(text);
    let _ = from_slice::<RefreshSession>(text);
    let _ = from_slice::<UpdateProfile>(text);
    let _ = from_slice::<BeginTotp>(text);
    let _ = from_slice::<ConfirmTotp>(text);
    let _ = from_slice::<DisableTotp>(text);
    let _ = from_slice::<RenewRecoveryCodes>(text);
    let _ = from_slice::<CreateRole>(text);
    let _ = from_slice::<UpdateRole>(text);
    let _ = from_slice::<AssignRole>(text);
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_body_ends_the_process() {
        web::fuzzing::drive("json", super::read_bodies);
    }
}
