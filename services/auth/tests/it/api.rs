//! One file per endpoint, in a folder for each subject as in `src`.

mod accounts;
mod addresses;
mod api_keys;
mod audit;
mod credentials;
mod erasures;
mod export;
mod mfa;
mod roles;
mod sessions;
mod settings;
mod tokens;
