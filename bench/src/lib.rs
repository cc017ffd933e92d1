//! The speed of a shop, as ratios measured in one run on one machine: the same orders through our services, through
//! pgbench with our own SQL, and through a conventional service. After each leg an audit compares the database with
//! what the clients were told; one lost, duplicated or oversold order voids the round. Method: `bench/README.md`.

pub mod audit;
pub mod catalogue;
pub mod cpu;
mod cpu_limit;
pub mod enumeration;
pub mod histogram;
pub mod http;
pub mod leg;
pub mod load;
pub mod log;
pub mod peer;
pub mod pgbench;
pub mod picture;
pub mod proxy;
pub mod ratio;
pub mod report;
pub mod run;
pub mod stage;
pub mod users;
pub mod workload;
