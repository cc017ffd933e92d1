//! What every HTTP service of a shop shares: problems, requests and answers, tokens, the two-port server.
//! No SQL and no word of a shop's business but the roles that tokens carry.

pub mod conditional;
pub mod document;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
pub mod idempotency;
pub mod internal;
pub mod json;
pub mod limit;
pub mod list;
pub mod problem;
pub mod request;
pub mod schema;
pub mod server;
pub mod service;
pub mod signature;
pub mod token;

mod body;
mod call;
mod detached;
mod observe;
mod transport;

pub use call::call;
pub use observe::{current_trace, in_trace};
pub use problem::{FieldError, Problem};
pub use request::{JsonBody, PathParameters, QueryParameters, ValidJson, WholeBody};
