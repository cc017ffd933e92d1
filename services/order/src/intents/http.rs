//! How requests for changes come in: past the gate, and with the caller as use cases know them.

mod admit;
pub(crate) mod wisher;

pub use admit::admit;
