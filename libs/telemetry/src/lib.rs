//! What a process says of itself: JSON logs and the W3C trace context that ties its lines together.
//! No metrics of a service (they stand where they are counted), no HTTP.

mod logging;
mod trace_context;

pub use logging::{Logging, LoggingError};
pub use trace_context::TraceContext;
