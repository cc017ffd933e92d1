//! The operator against a real API server and the controllers of Kubernetes, without nodes: `tests/with-control-plane
//! cargo test -p ecommercestack-operator --features control-plane --test control-plane`. Pods are declared ready by the
//! test (`nodes.rs`), so that a stack comes up within seconds; what needs containers is in tests/e2e.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this is how a test fails"
)]

mod crowd;
mod deletion;
mod drift;
mod figures;
mod foreign_config_maps;
mod installations;
mod leases;
mod nodes;
mod obstacles;
mod operators;
mod requests;
mod routes;
mod scaling;
mod scene;
mod secrets;
mod skew;
mod stores;
mod unreadable;
