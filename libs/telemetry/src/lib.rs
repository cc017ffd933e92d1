//! What a process says of itself: JSON logs, and the traces that tie its lines together.
//! No metrics of a service (they stand where they are counted), no HTTP.

mod logging;
mod span;
mod trace_context;
mod traces;

pub use logging::{Logging, LoggingError};
pub use span::Span;
pub use trace_context::TraceContext;
pub use traces::{Export, Traces, TracesError};
