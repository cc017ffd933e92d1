//! The state that all requests share.

use access::Verifier;
use axum::extract::FromRef;
use clock::{Clock, Ids};
use db::Pool;

use crate::{
    accounts::{passwords::Passwords, sign_up::VendorSignup},
    credentials::ResetRequests,
    limits::{account::AccountLimits, address::AddressCounters, api_key::KeyCounters},
    mfa::policy::RequireMfa,
    tokens::{secret::ServerKey, signing::SigningKeys},
};

#[derive(Clone)]
pub struct App {
    pub pool: Pool,
    pub clock: Clock,
    pub ids: Ids,
    pub keys: SigningKeys,
    pub server_key: ServerKey,
    pub passwords: Passwords,
    pub account_limits: AccountLimits,
    pub address_counters: AddressCounters,
    pub key_counters: KeyCounters,
    pub vendor_signup: VendorSignup,
    pub reset_requests: ResetRequests,
    pub require_mfa: RequireMfa,
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.keys.ring().verifier.clone()
    }
}
