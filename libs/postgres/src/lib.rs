//! How a service meets its Postgres: the pool and its time limits, migrations, readiness, what an error means.
//! No query of a service and no table.

mod failure;
mod migration;
mod pool;

pub use failure::{Failure, constraint, problem};
pub use migration::{MigrateError, migrate, schema_is_current};
pub use pool::{ConnectError, Database};
