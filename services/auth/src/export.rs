//! The export of what this service keeps about a person (GDPR, articles 15 and 20), as one document.

pub mod export_user;
pub mod http;
pub mod model;
pub mod postgres;
