//! A whole shop of bare processes on 127.0.0.1, for tests and benchmarks that kill, restart and measure it:
//! a Postgres, and any number of auth, product, order and worker processes, from binaries that the caller names.
//! All of it is removed when the caller ends, whether by a drop, a panic, Ctrl-C or `kill -9`.

pub mod attack;
pub mod environment;
pub mod guard;
pub mod keys;
pub mod plan;
pub mod ports;
pub mod postgres;
pub mod probe;
pub mod process;
pub mod shop;

pub use attack::{Attack, Target, Volley};
pub use keys::Tokens;
pub use plan::{Binaries, Member, Plan, Workload};
pub use postgres::{Durability, Postgres};
pub use shop::Shop;
