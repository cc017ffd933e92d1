//! What every HTTP service of a shop shares: problems, requests and responses, lists, limits, the two-port server.
//! It has no SQL and nothing of the domain.

pub mod authorization;
pub mod conditional;
pub mod document;
pub mod fingerprint;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
pub mod json;
pub mod limit;
pub mod list;
pub mod problem;
pub mod request;
pub mod schema;
pub mod server;
pub mod service;

mod body;
mod call;
mod detached;
mod observe;
mod transport;

pub use call::call;
pub use observe::{current_trace, in_trace};
pub use problem::{FieldError, Problem};
pub use request::{JsonBody, PathParameters, QueryParameters, ValidJson, WholeBody};
