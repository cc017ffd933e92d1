//! How a service meets its Postgres: the pool and its time limits, transactions, migrations, readiness, what an error
//! means. No query of a service, no table and no HTTP.

mod connection;
mod failure;
mod migration;
mod pool;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use connection::Connection;
pub use failure::{Failure, constraint};
pub use migration::{Migrate, MigrateError, migrate, schema_is_current};
pub use pool::{ConnectError, Database, Limits, Pool};
pub use transaction::Transaction;
