//! The two-port server: public requests on one, probes, metrics and internal calls on the other, and a graceful drain.

mod connections;

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use axum_prometheus::{
    EndpointLabel, Handle, MakeDefaultHandle, PrometheusMetricLayer, PrometheusMetricLayerBuilder,
};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::task::TaskTracker;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::info;

use crate::{
    Problem,
    body::{self, BodyLimits, take_body},
    detached::detach_writes,
    observe::observe,
    transport::strict_transport,
};

/// Time that a drain waits for requests under way; shorter than the pod's termination grace period.
const DRAIN: Duration = Duration::from_secs(25);

/// With 1,024 connections of 16 KiB and their buffers, a pod of 256 MiB has enough memory left to work.
const BODY_MIB_IN_FLIGHT: u16 = 32;
/// Other services call over a few connections each, and probes come one by one.
const MAX_INTERNAL_CONNECTIONS: u16 = 512;

#[derive(Clone, Debug, clap::Args)]
pub struct Listen {
    /// Listen address of the public port, which the ingress forwards to.
    #[arg(long, env = "PUBLIC_ADDRESS", default_value = "0.0.0.0:8080")]
    pub public_address: SocketAddr,
    /// Listen address of the internal port for probes, metrics and other services; never exposed by the ingress.
    #[arg(long, env = "INTERNAL_ADDRESS", default_value = "0.0.0.0:8081")]
    pub internal_address: SocketAddr,
    /// Sends Strict-Transport-Security; for a shop whose ingress terminates TLS.
    #[arg(long, env = "HSTS", default_value_t = false, action = clap::ArgAction::Set)]
    pub hsts: bool,
    /// Maximum connections on the public port; further ones are answered with 503.
    #[arg(long, env = "MAX_HTTP_CONNECTIONS", default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_http_connections: u16,
    /// Maximum total size in MiB of the request bodies in memory per port, beyond 16 KiB each; further ones are
    /// answered with 503.
    #[arg(long, env = "MAX_BODY_MIB_IN_FLIGHT", default_value_t = BODY_MIB_IN_FLIGHT, value_parser = clap::value_parser!(u16).range(8..))]
    pub max_body_mib_in_flight: u16,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}")]
    Bind {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("the server stopped")]
    Serve(#[source] std::io::Error),
}

#[derive(Clone, Copy, Debug)]
pub enum Port {
    Public,
    Internal,
}

/// The layers of every request, outermost first: observed, panics caught, its body bounded, writes detached from their
/// client.
pub fn layered(routes: Router, writes: &TaskTracker, port: Port) -> Router {
    layered_within(routes, writes, port, BODY_MIB_IN_FLIGHT)
}

pub(crate) fn layered_within(
    routes: Router,
    writes: &TaskTracker,
    port: Port,
    body_mib_in_flight: u16,
) -> Router {
    let max_bytes = match port {
        Port::Public => body::MAX_BYTES,
        Port::Internal => body::MAX_INTERNAL_BYTES,
    };
    let bodies = BodyLimits::new(max_bytes, body_mib_in_flight);
    routes.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn(observe))
            .layer(CatchPanicLayer::custom(|_| {
                axum::response::IntoResponse::into_response(Problem::internal(&Panicked))
            }))
            .layer(middleware::from_fn_with_state(bodies, take_body))
            .layer(middleware::from_fn_with_state(
                writes.clone(),
                detach_writes,
            ))
            .layer(DefaultBodyLimit::disable()),
    )
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

/// Serves until `stop` turns true, then stops listening and waits for what is under way.
pub async fn serve(
    listen: &Listen,
    public: Router,
    internal: Router,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let writes = TaskTracker::new();
    let (count_requests, metrics) = request_metrics();
    let within = listen.max_body_mib_in_flight;
    let public = layered_within(public.layer(count_requests), &writes, Port::Public, within);
    let public = strict_transport(public, listen.hsts);
    let internal =
        layered_within(internal, &writes, Port::Internal, within).merge(metrics_route(metrics));

    let (public_listener, internal_listener) = (
        bind(listen.public_address).await?,
        bind(listen.internal_address).await?,
    );
    info!(public.address = %listen.public_address, internal.address = %listen.internal_address, "listening");
    // The internal port closes last: probes and calls of other services continue while the public port drains.
    let (public_drained, internal_stop) = watch::channel(false);
    let public = async {
        let most = listen.max_http_connections.into();
        let served = connections::serve(public_listener, public, most, stop.clone());
        let drained = drain(served, stop.clone()).await;
        public_drained.send_replace(true);
        drained
    };
    let internal = async {
        let most = MAX_INTERNAL_CONNECTIONS.into();
        let served = connections::serve(internal_listener, internal, most, internal_stop.clone());
        drain(served, internal_stop.clone()).await
    };
    tokio::try_join!(public, internal)?;
    writes.close();
    // Writes of disconnected clients: the drain of connections no longer waits for them.
    if tokio::time::timeout(DRAIN, writes.wait()).await.is_err() {
        tracing::warn!(
            tasks = writes.len(),
            "stopped before all writes had finished"
        );
    }
    info!("stopped");
    Ok(())
}

/// Turns true at SIGTERM or SIGINT.
pub fn stop_signal() -> std::io::Result<watch::Receiver<bool>> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        info!("stopping");
        sender.send_replace(true);
    });
    Ok(receiver)
}

/// Resolves when `stop` turns true.
pub async fn stopped(mut stop: watch::Receiver<bool>) {
    // A dropped sender can never signal a stop, so it counts as one.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Bind { address, source })
}

async fn drain(
    served: impl Future<Output = std::io::Result<()>>,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    tokio::select! {
        result = served => result.map_err(ServeError::Serve),
        () = async { stopped(stop).await; tokio::time::sleep(DRAIN).await } => Ok(()),
    }
}

/// Counts requests by matched route: a path without a route is no label.
fn request_metrics() -> (
    PrometheusMetricLayer<'static>,
    <Handle as MakeDefaultHandle>::Out,
) {
    PrometheusMetricLayerBuilder::new()
        .with_endpoint_label_type(EndpointLabel::MatchedPathWithFallbackFn(|_| {
            "unmatched".to_owned()
        }))
        .with_default_metrics()
        .build_pair()
}

fn metrics_route(metrics: <Handle as MakeDefaultHandle>::Out) -> Router {
    Router::new().route("/metrics", get(move || async move { metrics.render() }))
}

#[cfg(test)]
mod tests;
