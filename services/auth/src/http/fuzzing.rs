//! For fuzzing: every body that an unauthenticated client may send, parsed as its endpoint parses it.

use web::json::from_slice;

use crate::{
    accounts::http::{
        delete_account::DeleteAccount, register_user::RegisterUser, update_profile::UpdateProfile,
    },
    addresses::http::{create_address::CreateAddress, update_address::UpdateAddress},
    api_keys::{
        create::Requested,
        http::{create_api_key::CreateApiKey, exchange_api_key::ExchangeApiKey},
        model::Secret,
    },
    credentials::http::{
        change_password::ChangePassword, request_email_change::RequestEmailChange,
        request_password_reset::RequestPasswordReset, reset_password::ResetPassword,
        verify_email::VerifyEmail,
    },
    mfa::http::{
        begin_totp::BeginTotp, confirm_totp::ConfirmTotp, disable_totp::DisableTotp,
        renew_recovery_codes::RenewRecoveryCodes,
    },
    roles::http::{assign_role::AssignRole, create_role::CreateRole, update_role::UpdateRole},
    sessions::{
        http::{log_in::LogIn, refresh_session::RefreshSession},
        log_in::Credentials,
    },
    settings::{http::replace_settings::ReplaceSettings, model::Choices},
};

/// No content of `text` may end the process.
pub fn read_bodies(text: &[u8]) {
    if let Ok(body) = from_slice::<LogIn>(text) {
        let _ = Credentials::try_from(body);
    }
    let _ = from_slice::<RegisterUser>(text);
    let _ = from_slice::<RefreshSession>(text);
    let _ = from_slice::<UpdateProfile>(text);
    let _ = from_slice::<DeleteAccount>(text);
    let _ = from_slice::<BeginTotp>(text);
    let _ = from_slice::<ConfirmTotp>(text);
    let _ = from_slice::<DisableTotp>(text);
    let _ = from_slice::<RenewRecoveryCodes>(text);
    let _ = from_slice::<CreateRole>(text);
    let _ = from_slice::<UpdateRole>(text);
    let _ = from_slice::<AssignRole>(text);
    let _ = from_slice::<CreateApiKey>(text).map(Requested::from);
    let _ = from_slice::<ExchangeApiKey>(text);
    let _ = str::from_utf8(text).map(Secret::parse);
    let _ = from_slice::<ChangePassword>(text);
    let _ = from_slice::<RequestPasswordReset>(text);
    let _ = from_slice::<ResetPassword>(text);
    let _ = from_slice::<VerifyEmail>(text);
    let _ = from_slice::<RequestEmailChange>(text);
    if let Ok(body) = from_slice::<CreateAddress>(text) {
        let _ = body.parse();
    }
    let _ = from_slice::<UpdateAddress>(text);
    if let Ok(body) = from_slice::<ReplaceSettings>(text) {
        let _ = Choices::try_from(body);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_body_ends_the_process() {
        web::fuzzing::drive("json", super::read_bodies);
    }
}
