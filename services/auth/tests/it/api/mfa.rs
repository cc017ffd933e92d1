mod begin_totp;
mod confirm_totp;
mod disable_totp;
mod get_mfa;
mod log_in;
mod renew_recovery_codes;
mod reset_mfa;
