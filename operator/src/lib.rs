//! The operator: turns one EcommerceStack into a shop and keeps it that way.
//! It is the only code of the project that talks to the API server, and it contains no SQL and no business logic of a shop.
//! `reconcile` is the table of contents; rules are cited as `OPERATOR n`, from the operator's rule list.

pub mod apply;
pub mod build;
pub mod component;
pub mod components;
pub mod config;
pub mod controller;
pub mod credentials;
pub mod database;
pub mod fetch;
pub mod fetched;
pub mod fingerprint;
pub mod http;
pub mod kube;
pub mod network;
pub mod pace;
pub mod randomness;
pub mod reconcile;
pub mod release;
pub mod render;
pub mod run;
pub mod status;
pub mod validate;
