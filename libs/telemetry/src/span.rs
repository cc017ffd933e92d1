//! Spans: what takes time in a trace. All of them have ids; they are recorded where traces are exported.

use std::{borrow::Cow, sync::OnceLock};

use opentelemetry::{
    Context, KeyValue, Value,
    trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use crate::TraceContext;

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// A request that is answered, or a call that is made. It ends when it is dropped.
pub struct Span(opentelemetry_sdk::trace::Span);

impl Span {
    /// For a request to this process; without a parent, a trace begins here.
    pub fn server(name: impl Into<Cow<'static, str>>, parent: Option<TraceContext>) -> Self {
        Self::start(name.into(), SpanKind::Server, parent)
    }

    /// For a call to another process.
    pub fn client(name: impl Into<Cow<'static, str>>, parent: Option<TraceContext>) -> Self {
        Self::start(name.into(), SpanKind::Client, parent)
    }

    fn start(name: Cow<'static, str>, kind: SpanKind, parent: Option<TraceContext>) -> Self {
        let mut context = Context::new();
        if let Some(parent) = parent {
            context = context.with_remote_span_context(parent.into());
        }
        let builder = tracer().span_builder(name).with_kind(kind);
        Self(tracer().build_with_context(builder, &context))
    }

    /// What those take part in that are called while it lasts.
    pub fn context(&self) -> TraceContext {
        self.0.span_context().into()
    }

    /// Sets an attribute, named by the semantic conventions of OpenTelemetry.
    pub fn set<V: Into<Value>>(&mut self, name: &'static str, value: impl FnOnce() -> V) {
        if self.0.is_recording() {
            self.0.set_attribute(KeyValue::new(name, value()));
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
        self.0.set_attribute(KeyValue::new("error.type", kind));
        self.0.set_status(Status::error(""));
    }
}

fn tracer() -> &'static SdkTracer {
    TRACER.get_or_init(|| {
        // Nothing is recorded, and the flag of a caller who records is passed on.
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
        let provider = SdkTracerProvider::builder().with_sampler(sampler);
        tracer_of(&provider.build())
    })
}

/// From now on, spans are those of this provider. False if there have been spans before.
pub(crate) fn trace_by(provider: &SdkTracerProvider) -> bool {
    TRACER.set(tracer_of(provider)).is_ok()
}

fn tracer_of(provider: &SdkTracerProvider) -> SdkTracer {
    provider.tracer("ecommercestack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_stays_in_the_trace_of_its_parent_and_passes_its_flag_on() {
        let root = Span::server("GET /", None).context();
        assert!(root.to_string().ends_with("-00"), "{root}");
        assert_eq!(TraceContext::parse(&root.to_string()), Some(root));
        let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for parent in [Some(root), TraceContext::parse(example)] {
            let parent = parent.unwrap();
            let child = Span::client("GET /", Some(parent)).context();
            assert_ne!(child, parent);
            assert_eq!(child.trace_id(), parent.trace_id());
            assert_eq!(child.to_string()[52..], parent.to_string()[52..]);
        }
        assert_ne!(
            Span::server("GET /", None).context().trace_id(),
            root.trace_id()
        );
    }
}
