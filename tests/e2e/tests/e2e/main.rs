//! End-to-end scenarios on a real cluster: `make e2e`, or by hand `cargo test --features e2e/cluster -p e2e [name]`.
//! Each scenario names a behaviour. Those that only use the shop share the stack `calm`; those that break things on purpose
//! run one at a time on `rough`; the others have their own stack. A scenario that fails prints and keeps its namespace.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this is how a test fails"
)]

mod admission;
mod audits;
mod bad_input;
mod chart;
mod continuity;
mod crash;
mod deletion;
mod first_order;
mod foreign_objects;
mod limits;
mod new_images;
mod payments;
mod predecessor_examples;
mod pruning;
mod race;
mod refused_specs;
mod repair;
mod routes;
mod samples;
mod scale;
mod stacks;
mod tenants;
