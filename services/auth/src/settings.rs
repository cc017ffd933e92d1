//! Settings: what users choose for themselves, such as their language.

pub mod http;
pub mod model;
pub mod postgres;
pub mod replace_settings;

pub use self::postgres::erase;
pub(crate) use self::postgres::find;
