//! The endpoint of the export.

mod export_user;
