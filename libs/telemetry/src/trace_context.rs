//! The `traceparent` header of W3C Trace Context, level 1.

use std::fmt;

use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

/// Where a request stands in its trace. Displayed as the header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

impl TraceContext {
    /// A new place in the trace of the parent, whose flag is passed on; without a parent, a trace begins here.
    pub(crate) fn within(parent: Option<Self>) -> Self {
        let ids = RandomIdGenerator::default();
        Self {
            trace_id: parent.map_or_else(|| ids.new_trace_id(), |parent| parent.trace_id),
            span_id: ids.new_span_id(),
            flags: parent.map_or_else(TraceFlags::default, |parent| parent.flags),
        }
    }

    pub fn trace_id(&self) -> String {
        self.trace_id.to_string()
    }

    /// Reads a header; what does not follow the specification counts as absent. (The propagator of the SDK also reads ids
    /// that are too short or signed.)
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace_id, span_id, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let more = parts.next().is_some();
        if version.len() != 2 || version == "ff" || (version == "00" && more) {
            return None;
        }
        lower_hex(version, 2)?;
        let flags = TraceFlags::new(u8::try_from(lower_hex(flags, 2)?).ok()?);
        let context = Self {
            trace_id: lower_hex(trace_id, 32)?.into(),
            span_id: u64::try_from(lower_hex(span_id, 16)?).ok()?.into(),
            flags: flags & TraceFlags::SAMPLED,
        };
        (context.trace_id != TraceId::INVALID && context.span_id != SpanId::INVALID)
            .then_some(context)
    }
}

impl From<&SpanContext> for TraceContext {
    fn from(span: &SpanContext) -> Self {
        Self {
            trace_id: span.trace_id(),
            span_id: span.span_id(),
            flags: span.trace_flags(),
        }
    }
}

impl From<TraceContext> for SpanContext {
    /// As the parent of a span, in another process or in this one.
    fn from(parent: TraceContext) -> Self {
        Self::new(
            parent.trace_id,
            parent.span_id,
            parent.flags,
            true,
            TraceState::default(),
        )
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            self.trace_id, self.span_id, self.flags
        )
    }
}

fn lower_hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == digits && text.bytes().all(lower) {
        u128::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_written_as_it_was_read() {
        let parent = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(parent.to_string(), EXAMPLE);
        assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn a_header_out_of_form_is_absent() {
        for header in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f35-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }
}
