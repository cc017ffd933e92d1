//! What a service counts in its metrics while a test does something.

use metrics_exporter_prometheus::PrometheusBuilder;

const COUNTER: &str = "ecommercestack_unreadable_rows_total{kind=\"";

/// Does this, and returns the kinds of rows that were counted as unreadable meanwhile. It must all run on this thread.
pub async fn unreadable_rows(work: impl Future<Output = ()>) -> Vec<String> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let counting = metrics::set_default_local_recorder(&recorder);
    work.await;
    drop(counting);
    let rendered = recorder.handle().render();
    let kinds = rendered.lines().filter_map(|line| {
        let (kind, _) = line.strip_prefix(COUNTER)?.split_once('"')?;
        Some(kind.to_owned())
    });
    kinds.collect()
}
