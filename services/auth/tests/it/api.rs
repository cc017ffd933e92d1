//! One file per endpoint, in a folder for each subject as in `src`.

mod accounts;
mod api_keys;
mod audit;
mod roles;
mod credentials;
mod sessions;
mod tokens;
