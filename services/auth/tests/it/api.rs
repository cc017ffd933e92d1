//! One file per endpoint, named as in `src/http`.

mod get_jwks;
mod get_profile;
mod list_revocations;
mod log_in;
mod log_out;
mod refresh_session;
mod register_user;
mod update_profile;
mod validate_session;
