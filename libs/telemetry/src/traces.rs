//! The export of traces by OTLP, over HTTP with protobuf. Spans wait in a bounded queue for a thread of the SDK's, so that a
//! collector that is slow or down delays nothing: spans are dropped then, which the SDK logs once and counts at the end.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::span::TRACER;

/// Time to export what is left when the process ends; what remains of a pod's termination grace period after the drains.
const FLUSH: Duration = Duration::from_secs(3);

/// The SDK reads the other `OTEL_` variables itself.
#[derive(Clone, Debug, clap::Args)]
pub struct Traces {
    /// OTLP endpoint (HTTP with protobuf) that traces are exported to, without the path `/v1/traces`; empty: no export.
    /// The SDK reads `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS`,
    /// `OTEL_EXPORTER_OTLP_COMPRESSION` (gzip) and `OTEL_BSP_MAX_QUEUE_SIZE`.
    #[arg(
        long = "otlp-endpoint",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        default_value = "",
        hide_default_value = true
    )]
    pub endpoint: String,
}

#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("invalid settings for the export of traces; check the OTEL_ variables")]
    Settings(#[from] ExporterBuildError),
    #[error("the export of traces is already initialized")]
    Twice,
}

/// Exports traces until it is dropped, which may wait a moment for the collector.
#[must_use]
pub struct Export(Option<SdkTracerProvider>);

impl Traces {
    /// Starts the export for the whole process, if there is an endpoint.
    pub fn export(&self) -> Result<Export, TracesError> {
        if self.endpoint.is_empty() {
            return Ok(Export(None));
        }
        let endpoint = format!("{}/v1/traces", self.endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(endpoint)
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .build();
        TRACER
            .set(provider.tracer("ecommercestack"))
            .map_err(|_| TracesError::Twice)?;
        Ok(Export(Some(provider)))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown_with_timeout(FLUSH)
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the last traces were not exported"
            );
        }
    }
}
