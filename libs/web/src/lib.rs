//! What every HTTP service of a shop shares: problems, requests and responses, tokens, the two-port server.
//! It has no SQL, and of the domain only its roles and permissions.

pub mod conditional;
pub mod document;
pub mod fingerprint;
#[cfg(any(test, feature = "testing"))]
pub mod fuzzing;
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
pub use token::{Reach, Requires, permissions};
