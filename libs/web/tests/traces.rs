//! What a collector of OpenTelemetry receives from a process, and what becomes of the process if it does not answer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this is how a test fails"
)]

use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    routing::{get, post},
};
use clap::Parser;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message;
use telemetry::{Logging, Traces};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use web::server::{Port, layered};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    traces: Traces,
    #[arg(long, env = "REQUESTS", default_value_t = 1)]
    requests: u32,
}

/// Answers requests, for each of which it calls itself by HTTP.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the other tests start"]
async fn service() {
    let settings = Settings::parse_from(["service"]);
    settings.logging.init().unwrap();
    let export = settings.traces.export().unwrap();

    let writes = TaskTracker::new();
    let stock = Router::new().route("/internal/stock", get(|| async { "5" }));
    let url = format!(
        "{}/internal/stock",
        serve(layered(stock, &writes, Port::Internal)).await
    );
    let client = reqwest::Client::new();
    let call = async move || {
        web::call(client.get(&url))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let shop = Router::new().route("/products/{id}", get(call));
    let shop = layered(shop, &writes, Port::Public);
    let began = Instant::now();
    for _ in 0..settings.requests {
        let request =
            Request::get("/products/7").header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
        let answer = shop
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        println!(
            "answered {}",
            answer.headers()["traceparent"].to_str().unwrap()
        );
    }
    let unknown = shop.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(unknown.status(), 404);
    println!("took {:?}", began.elapsed());
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "it waited for the collector"
    );
    drop(export);
}

/// Serves at a free port; the URL of its root.
async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, routes).await });
    url
}

/// What [`service`] prints.
async fn run(variables: Vec<(&'static str, String)>) -> String {
    let mut process = Command::new(env::current_exe().unwrap());
    process
        .args(["--exact", "service", "--ignored", "--nocapture"])
        .envs(variables)
        .stderr(Stdio::inherit());
    let ended = tokio::task::spawn_blocking(move || process.output());
    let ended = ended.await.unwrap().unwrap();
    let printed = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{printed}");
    printed
}

/// A collector, and what it is sent.
async fn collector() -> (String, UnboundedReceiver<Bytes>) {
    let (sender, received) = unbounded_channel();
    let receive = move |body: Bytes| async move { drop(sender.send(body)) };
    (
        serve(Router::new().route("/v1/traces", post(receive))).await,
        received,
    )
}

fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{name} is {other:?}"),
    }
}

fn find<'a>(spans: &'a [Span], name: &str, kind: SpanKind) -> &'a Span {
    let found = spans
        .iter()
        .find(|span| span.name == name && span.kind() == kind);
    found.unwrap_or_else(|| panic!("no {name} among {spans:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_calls_are_exported_with_the_ids_of_logs_and_headers() {
    let (endpoint, mut received) = collector().await;
    let printed = run(vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_SERVICE_NAME", "product".to_owned()),
    ])
    .await;
    let mut spans = Vec::new();
    while let Ok(body) = received.try_recv() {
        for sent in ExportTraceServiceRequest::decode(body)
            .unwrap()
            .resource_spans
        {
            let resource = sent.resource.unwrap();
            assert_eq!(attribute(&resource.attributes, "service.name"), "product");
            spans.extend(sent.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }

    let answered = find(&spans, "GET /products/{id}", SpanKind::Server);
    assert_eq!(hex::encode(&answered.trace_id), TRACE);
    assert_eq!(hex::encode(&answered.parent_span_id), CALLER);
    assert_eq!(
        attribute(&answered.attributes, "http.route"),
        "/products/{id}"
    );
    assert_eq!(attribute(&answered.attributes, "url.path"), "/products/7");
    assert_eq!(
        attribute(&answered.attributes, "http.response.status_code"),
        "200"
    );
    assert_ne!(
        answered.status.clone().unwrap_or_default().code(),
        StatusCode::Error
    );
    let header = format!("answered 00-{TRACE}-{}-01", hex::encode(&answered.span_id));
    assert!(printed.contains(&header), "{printed}");
    assert!(
        printed.contains(&format!(r#""trace_id":"{TRACE}""#)),
        "{printed}"
    );

    let called = find(&spans, "GET /internal/stock", SpanKind::Client);
    assert_eq!(
        (&called.trace_id, &called.parent_span_id),
        (&answered.trace_id, &answered.span_id)
    );
    let inner = find(&spans, "GET /internal/stock", SpanKind::Server);
    assert_eq!(
        (&inner.trace_id, &inner.parent_span_id),
        (&answered.trace_id, &called.span_id)
    );

    let unknown = find(&spans, "GET", SpanKind::Server);
    assert_ne!(unknown.trace_id, answered.trace_id);
    assert_eq!(unknown.parent_span_id, Vec::<u8>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_answer_delays_no_request_and_is_told_of_once() {
    // It accepts connections, as the backlog does, and reads nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let printed = run(vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8".to_owned()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8".to_owned()),
        ("REQUESTS", "50".to_owned()),
    ])
    .await;
    assert_eq!(
        printed.matches("SpanDroppingStarted").count(),
        1,
        "{printed}"
    );
    assert_eq!(
        printed.matches("dropped_span_count").count(),
        1,
        "{printed}"
    );
}
