//! The endpoints of settings.

mod get_settings;
mod replace_settings;
