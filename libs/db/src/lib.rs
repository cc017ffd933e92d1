//! How a service uses its Postgres: the pool and its time limits, transactions, migrations, readiness, the meaning of
//! errors, retries, and rows that cannot be read. It holds no query and no table of a service, and knows no HTTP.

mod connection;
mod failure;
mod migration;
mod pool;
pub mod readable;
mod retry;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use connection::Connection;
pub use failure::{Failure, constraint};
pub use migration::{Migrate, MigrateError, migrate, schema_is_current};
pub use pool::{ConnectError, Database, Pool};
pub use retry::{Patience, Retries, Retryable};
pub use transaction::Transaction;
