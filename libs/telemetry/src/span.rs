//! Spans: what takes time in a trace. All of them have ids; the rest of a span exists only where traces are exported.

use std::sync::OnceLock;

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

use crate::TraceContext;

/// Makes the spans that are exported; unset where none are.
pub(crate) static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// A request that is answered, or a call that is made. It ends when it is dropped.
pub struct Span {
    context: TraceContext,
    exported: Option<SdkSpan>,
}

impl Span {
    /// For a request to this process; without a parent, a trace begins here.
    pub fn server(name: impl FnOnce() -> String, parent: Option<TraceContext>) -> Self {
        Self::start(name, SpanKind::Server, parent)
    }

    /// For a call to another process.
    pub fn client(name: impl FnOnce() -> String, parent: Option<TraceContext>) -> Self {
        Self::start(name, SpanKind::Client, parent)
    }

    fn start(name: impl FnOnce() -> String, kind: SpanKind, parent: Option<TraceContext>) -> Self {
        let Some(tracer) = TRACER.get() else {
            return Self {
                context: TraceContext::within(parent),
                exported: None,
            };
        };
        let mut context = Context::new();
        if let Some(parent) = parent {
            context = context.with_remote_span_context(parent.into());
        }
        let builder = tracer.span_builder(name()).with_kind(kind);
        let span = tracer.build_with_context(builder, &context);
        Self {
            context: span.span_context().into(),
            exported: Some(span),
        }
    }

    /// What those take part in that are called while it lasts.
    pub fn context(&self) -> TraceContext {
        self.context
    }

    /// Sets an attribute, named by the semantic conventions of OpenTelemetry.
    pub fn set<V: Into<Value>>(&mut self, name: &'static str, value: impl FnOnce() -> V) {
        if let Some(span) = self.exported.as_mut().filter(|span| span.is_recording()) {
            span.set_attribute(KeyValue::new(name, value()));
        }
    }

    /// Says how an HTTP request was answered.
    pub fn answered(&mut self, status: u16, failed: bool) {
        self.set("http.response.status_code", || i64::from(status));
        if failed {
            self.fail(status.to_string());
        }
    }

    /// Marks it as failed, for a reason of which there are few.
    pub fn fail(&mut self, kind: impl Into<Value>) {
        self.set("error.type", || kind);
        if let Some(span) = &mut self.exported {
            span.set_status(Status::error(""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_stays_in_the_trace_of_its_parent_and_passes_its_flag_on() {
        let name = || "GET /".to_owned();
        let root = Span::server(name, None).context();
        assert!(root.to_string().ends_with("-00"), "{root}");
        assert_eq!(TraceContext::parse(&root.to_string()), Some(root));
        let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for parent in [Some(root), TraceContext::parse(example)] {
            let parent = parent.unwrap();
            let child = Span::client(name, Some(parent)).context();
            assert_ne!(child, parent);
            assert_eq!(child.trace_id(), parent.trace_id());
            assert_eq!(child.to_string()[52..], parent.to_string()[52..]);
        }
        assert_ne!(
            Span::server(name, None).context().trace_id(),
            root.trace_id()
        );
    }
}
