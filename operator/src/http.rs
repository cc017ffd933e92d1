//! /healthz, /readyz and /metrics, on a port of their own.

use crate::kube::readiness::Readiness;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::time::Instant;

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

async fn readyz(State(answers): State<Answers>) -> (StatusCode, String) {
    match answers.readiness.obstacle(Instant::now()) {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(obstacle) => (StatusCode::SERVICE_UNAVAILABLE, format!("{obstacle}\n")),
    }
}
