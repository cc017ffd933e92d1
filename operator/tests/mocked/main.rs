//! The operator against answers that a real API server does not give when a test wants them: refusals, errors, silence.
//! What a real one does in answer to the operator is in `control_plane`.
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod pages;
mod reads;
mod server;
mod statuses;
mod writes;

use clap::Parser as _;
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus};
use ecommercestack_operator::{
    config::Config,
    database::deleted_stacks::DeletedStacks,
    kube::{
        installation::Installation,
        readiness::Readiness,
        skew::{Definition, Guard},
    },
    pace::{Reason, backoff::Attempts},
    reconcile::{Context, on_error, reconcile},
    run::context,
    status::condition,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{core::PartialObjectMeta, runtime::controller::Action};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use server::{Answer, Asked, Server};
use std::sync::Arc;

/// Where the stack of these tests is.
const STACK: &str = "/apis/ecommercestack.dev/v1alpha1/namespaces/shops/ecommercestacks/shop";

fn stack(name: &str) -> Value {
    json!({
        "apiVersion": "ecommercestack.dev/v1alpha1",
        "kind": "EcommerceStack",
        "metadata": { "name": name, "namespace": "shops", "uid": format!("uid-of-{name}"), "generation": 1 },
        "spec": { "version": "1", "database": { "managed": { "storage": { "size": "1Gi" } } } },
    })
}

/// An operator over a namespace with one stack.
struct Operator {
    server: Server,
    context: Arc<Context>,
}

/// The result of a pass.
struct Passed {
    asked: Vec<Asked>,
    action: Action,
    /// Set if not even a status was written.
    error: Option<String>,
    /// The pass as metrics count it.
    counted: Vec<String>,
}

impl Operator {
    fn new() -> Self {
        let namespace = json!({ "metadata": { "name": "shops" } });
        let (server, client) = Server::start(&[
            ("/api/v1/namespaces/shops", namespace),
            (STACK, stack("shop")),
        ]);
        let config = Config::parse_from(["operator", "--namespace", "shops"]).run;
        let guard = Guard::new(client.clone(), Readiness::new(&[]), Definition::known());
        let deleted_stacks = DeletedStacks {
            installation: Installation::new(client.clone(), None),
            client: client.clone(),
            stacks: Arc::default(),
            locks: Arc::default(),
        };
        let context = Arc::new(context(&client, &config, guard, &deleted_stacks));
        Self { server, context }
    }

    /// A pass as the Controller makes it.
    async fn pass(&self) -> Passed {
        let recorder = PrometheusBuilder::new().build_recorder();
        let counting = metrics::set_default_local_recorder(&recorder);
        let stack: PartialObjectMeta<EcommerceStack> =
            serde_json::from_value(stack("shop")).unwrap();
        let stack = Arc::new(stack);
        let passed = Box::pin(reconcile(stack.clone(), self.context.clone())).await;
        let (action, error) = match passed {
            Ok(action) => (action, None),
            Err(error) => {
                let action = on_error(stack, &error, self.context.clone());
                let text = telemetry::chain(&error);
                (action, Some(text))
            }
        };
        drop(counting);
        let counted = recorder.handle().render();
        let is_pass = |line: &&str| line.starts_with("ecommercestack_operator_passes_total{");
        Passed {
            asked: self.server.asked(),
            action,
            error,
            counted: counted.lines().filter(is_pass).map(str::to_owned).collect(),
        }
    }

    /// The status as the server has it.
    fn status(&self) -> Option<EcommerceStackStatus> {
        let status = self.server.get(STACK)?["status"].take();
        serde_json::from_value(status).unwrap()
    }

    /// The condition Ready of the status.
    fn ready(&self) -> Condition {
        let status = self.status().unwrap();
        condition(&status.conditions, ConditionType::Ready)
            .unwrap()
            .clone()
    }
}

impl Passed {
    /// The lines of all requests.
    fn lines(&self) -> Vec<String> {
        self.asked.iter().map(Asked::line).collect()
    }

    /// Those that change something.
    fn writes(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| !line.starts_with("GET "));
        lines
    }

    /// Those that change something besides the status and Events.
    fn applied(&self) -> Vec<String> {
        let mut lines = self.writes();
        lines.retain(|line| line != WRITES_STATUS && line != CREATES_EVENT);
        lines
    }

    fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|other| other == line)
    }

    /// Asserts that the stack is reconciled again for this reason after so many attempts in a row, and is counted so.
    fn is_requeued(&self, reason: Reason, attempt: u32) {
        let (attempts, shop) = (Attempts::default(), ("shops".to_owned(), "shop".to_owned()));
        let resync = std::time::Duration::from_mins(10);
        let waits = (0..attempt).map(|_| reason.wait(&attempts, &shop, resync));
        assert_eq!(self.action, Action::requeue(waits.last().unwrap()));
        let name: &str = reason.into();
        let counted = format!("ecommercestack_operator_passes_total{{reason=\"{name}\"}} 1");
        assert_eq!(self.counted, [counted]);
    }
}

const WRITES_STATUS: &str = "PATCH ecommercestacks/shop/status";
const CREATES_EVENT: &str = "POST events";
