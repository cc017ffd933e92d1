//! How requests for changes come in: past the gate, and in the terms of the use cases; and how their errors go out.

mod admit;
mod keyed_request;
mod refusal;

pub use admit::{admit, document_admission};
pub(crate) use keyed_request::requester;
