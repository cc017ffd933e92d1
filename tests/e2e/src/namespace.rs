//! A namespace that enforces Pod Security `restricted`, and whose state is printed when its scenario fails.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    panic,
    process::Command,
    sync::Once,
};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1;
use kube::{
    Api,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams},
};

use crate::{Cluster, Stack, cluster, wait, wait::seconds};

/// The number of lines of each pod's log that are printed.
const LOG_LINES: &str = "--tail=25";

/// The namespace of one scenario, or of several that share a stack.
pub struct Namespace {
    pub cluster: Cluster,
    pub name: String,
}

impl Namespace {
    /// Creates `e2e-<run>-<purpose>`, or uses the one that another scenario of this run created.
    pub async fn take(cluster: &Cluster, purpose: &str) -> Result<Self> {
        let name = format!("e2e-{}-{purpose}", cluster::run());
        let labels = [
            (cluster::RUN_LABEL, cluster::run()),
            ("pod-security.kubernetes.io/enforce", "restricted"),
            ("pod-security.kubernetes.io/warn", "restricted"),
        ];
        let labels: BTreeMap<_, _> = labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let namespace = v1::Namespace {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            ..v1::Namespace::default()
        };
        let api: Api<v1::Namespace> = Api::all(cluster.client.clone());
        api.patch(&name, &PatchParams::apply("e2e"), &Patch::Apply(&namespace))
            .await?;
        explain_failure_of(&name);
        Ok(Self {
            cluster: cluster.clone(),
            name,
        })
    }

    pub fn stack(&self, name: &str) -> Stack {
        Stack::new(&self.cluster, &self.name, name)
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        self.cluster.namespaced(&self.name)
    }

    /// Requests its deletion without waiting for it.
    pub async fn delete(&self) -> Result<()> {
        let api: Api<v1::Namespace> = Api::all(self.cluster.client.clone());
        api.delete(&self.name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Waits until it is gone.
    pub async fn gone_within(&self, limit: u64) -> Result<()> {
        let api: Api<v1::Namespace> = Api::all(self.cluster.client.clone());
        wait::until(
            format!("namespace {} is gone", self.name),
            seconds(limit),
            async || {
                let left = api.get_opt(&self.name).await?;
                let conditions = left
                    .as_ref()
                    .and_then(|left| left.status.clone())
                    .and_then(|status| status.conditions);
                let messages = conditions
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|condition| condition.status == "True");
                let messages: Vec<String> =
                    messages.filter_map(|condition| condition.message).collect();
                ensure!(left.is_none(), "still there: {}", messages.join("; "));
                Ok(())
            },
        )
        .await
    }
}

thread_local! {
    /// The namespaces of the scenario that runs on this thread.
    static TAKEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Prints the state of the namespace if the scenario of this thread fails from now on; the namespace is kept then.
fn explain_failure_of(name: &str) {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |failure| {
            usual(failure);
            for name in TAKEN.take() {
                eprintln!("{}", describe(&name));
            }
        }));
    });
    TAKEN.with_borrow_mut(|taken| taken.insert(name.to_owned()));
}

/// The state of a namespace: the stack's status, objects, events and the ends of all logs.
pub fn describe(namespace: &str) -> String {
    let mut text = format!("==== namespace {namespace} ====\n");
    let mut show = |title: &str, arguments: &[&str]| {
        let output = Command::new("kubectl")
            .args(["-n", namespace])
            .args(arguments)
            .output();
        let shown = output.map_or_else(
            |error| format!("kubectl: {error}"),
            |output| String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        );
        // Writing to a String cannot fail.
        let _ = writeln!(text, "---- {title}\n{shown}");
    };
    show("stack", &["get", "ecommercestacks", "-o", "wide"]);
    show(
        "status",
        &[
            "get",
            "ecommercestacks",
            "-o",
            "jsonpath={range .items[*]}{.status}{\"\\n\"}{end}",
        ],
    );
    show(
        "objects",
        &[
            "get",
            "deployments,statefulsets,jobs,pods,persistentvolumeclaims,ingresses",
            "-o",
            "wide",
        ],
    );
    show("events", &["get", "events", "--sort-by=.lastTimestamp"]);
    show(
        "logs",
        &[
            "logs",
            "-l",
            "app.kubernetes.io/part-of=ecommercestack",
            "--all-containers",
            "--prefix",
            "--ignore-errors",
            "--max-log-requests=30",
            LOG_LINES,
        ],
    );
    let operator = [
        "-n",
        cluster::OPERATOR_NAMESPACE,
        "logs",
        "deployment/ecommercestack-operator",
        "--tail=40",
    ];
    show("operator", &operator);
    text
}
