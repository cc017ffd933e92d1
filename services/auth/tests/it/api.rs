//! One file an endpoint, in a folder for each subject as in `src`.

mod accounts;
mod sessions;
mod tokens;
