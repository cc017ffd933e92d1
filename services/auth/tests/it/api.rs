//! One file per endpoint, in a folder for each subject as in `src`.

mod accounts;
mod credentials;
mod sessions;
mod tokens;
