//! Tests that break shops of bare processes on purpose and audit them afterwards. `make chaos` builds what they need; they
//! run one at a time, since each needs the whole machine.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and prints its progress"
)]

mod aborted_clients;
mod attacks;
mod background;
mod concurrency;
mod crash_matrix;
mod forgotten_person;
mod linearizability;
mod revocation;
mod upgrade;
mod without_auth;
