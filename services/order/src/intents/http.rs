//! How requests for changes come in: past the gate, and in the terms of the use cases.

mod admit;
mod keyed_request;

pub use admit::{admit, document_admission};
pub(crate) use keyed_request::requester;
