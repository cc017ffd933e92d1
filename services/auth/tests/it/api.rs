//! One file per endpoint, in a folder for each subject as in `src`.

mod accounts;
mod mfa;
mod roles;
mod sessions;
mod tokens;
