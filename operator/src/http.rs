//! /healthz, /readyz and /metrics, on a port of their own.

use crate::kube::readiness::Readiness;
use axum::{Router, http::StatusCode, routing::get};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::{future::ready, time::Instant};

/// What the operator counts, by name.
const COUNTERS: [(&str, &str); 3] = [
    (
        "ecommercestack_operator_passes_total",
        "Reconciles of stacks, by the reason for the next one: settled if only the resync is due, failed if the \
         status holds the error, unreported if the status could not be written, and others.",
    ),
    (
        "ecommercestack_operator_applies_total",
        "Objects written by server-side apply, by kind.",
    ),
    (
        "ecommercestack_operator_departures_total",
        "Deleted stacks, by the deletion policy applied to their data.",
    ),
];

/// Starts counting for the whole process.
pub fn record_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    for (name, description) in COUNTERS {
        metrics::describe_counter!(name, description);
    }
    Ok(handle)
}

pub fn router(readiness: Readiness, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || ready(readyz(&readiness))))
        .route("/metrics", get(move || ready(metrics.render())))
}

fn readyz(readiness: &Readiness) -> (StatusCode, String) {
    match readiness.obstacle(Instant::now()) {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(obstacle) => (StatusCode::SERVICE_UNAVAILABLE, format!("{obstacle}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    fn counted(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                counted(&path, found);
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for kind in ["counter", "gauge", "histogram"] {
                let start = format!("metrics::{kind}!(");
                let calls = code.split(&start).skip(1);
                found.extend(calls.map(|call| call.split('"').nth(1).unwrap().to_owned()));
            }
        }
    }

    #[test]
    fn everything_that_is_counted_is_described() {
        let mut found = BTreeSet::new();
        counted(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut found,
        );
        let described = COUNTERS.map(|(name, _)| name.to_owned());
        assert_eq!(found, BTreeSet::from(described));
    }
}
