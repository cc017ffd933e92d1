//! What a process says of itself: JSON logs, errors in one line, and the traces that tie lines together.
//! No metrics of a service (they stand where they are counted), no HTTP.

mod chain;
mod logging;
mod span;
mod trace_context;
mod traces;

pub use chain::{chain, root_cause};
pub use logging::{Logging, LoggingError};
pub use span::Span;
pub use trace_context::TraceContext;
pub use traces::{Export, Traces, TracesError};
