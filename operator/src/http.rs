//! /healthz, /readyz and /metrics, on a port of their own.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether the operator can see the stacks it is meant to run.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    pub fn reached(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone)]
struct Answers {
    readiness: Readiness,
    metrics: PrometheusHandle,
}

/// Starts counting for the whole process.
pub fn record_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new().install_recorder()
}

pub fn router(readiness: Readiness, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route(
            "/metrics",
            get(|State(answers): State<Answers>| async move { answers.metrics.render() }),
        )
        .with_state(Answers { readiness, metrics })
}

async fn readyz(State(answers): State<Answers>) -> (StatusCode, &'static str) {
    if answers.readiness.0.load(Ordering::Relaxed) {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the stacks cannot be listed yet\n",
        )
    }
}
