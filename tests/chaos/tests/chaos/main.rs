//! Shops of bare processes that are broken on purpose, and must add up afterwards. `make chaos` builds what they
//! need; one test at a time, since each wants the machine.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says how far it came"
)]

mod aborted_clients;
mod attacks;
mod background;
mod concurrency;
mod crash_matrix;
mod linearizability;
mod revocation;
mod upgrade;
