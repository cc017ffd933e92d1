//! The operator: turns one EcommerceStack into a shop and keeps it that way.
//! The only code of the project that talks to the API server. No SQL, and no business of a shop.
//! `reconcile` is the table of contents; rules are cited as `OPERATOR n`, from the operator's rule list.

pub mod adoption;
pub mod apply;
pub mod audits;
pub mod backoff;
pub mod build;
pub mod chain;
pub mod children;
pub mod component;
pub mod config;
pub mod controller;
pub mod credentials;
pub mod departures;
pub mod events;
pub mod fetch;
pub mod fingerprint;
pub mod http;
pub mod identity;
pub mod installation;
pub mod job_state;
pub mod labels;
pub mod lease;
pub mod locks;
pub mod ownership;
mod pace;
pub mod places;
pub mod pod_failures;
pub mod quota;
pub mod randomness;
pub mod reconcile;
pub mod releases;
pub mod render;
pub mod restart;
pub mod retention;
pub mod rollout;
pub mod routing;
pub mod run;
pub mod scaling;
pub mod seen;
pub mod skew;
pub mod stacks;
pub mod status;
pub mod stores;
pub mod validate;
pub mod warnings;
