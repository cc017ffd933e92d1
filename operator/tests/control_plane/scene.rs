//! A namespace with an operator of its own, and stacks in it.

use crate::{nodes::keep_pods_running, requests::Requests};
use clap::Parser as _;
use ecommercestack_crds::{ConditionType, EcommerceStack};
use ecommercestack_operator::{
    config::Config,
    kube::{readiness::Readiness, skew::Definition},
    run::work,
};
use futures::FutureExt as _;
use k8s_openapi::{
    NamespaceResourceScope, api::core::v1::Namespace,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, Client, CustomResourceExt as _, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    client::ClientBuilder,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{fmt::Debug, process::Stdio, time::Duration};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

pub struct Scene {
    pub client: Client,
    pub namespace: String,
    operator: Option<JoinHandle<()>>,
    nodes: Option<JoinHandle<()>>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        for task in self.operator.iter().chain(&self.nodes) {
            task.abort();
        }
    }
}

impl Scene {
    /// A namespace in which an operator works and pods run.
    pub async fn new(name: &str) -> Self {
        let mut scene = Self::without_nodes(name).await;
        scene.start_nodes();
        scene
    }

    /// One in which no pod ever runs.
    pub async fn without_nodes(name: &str) -> Self {
        let mut scene = Self::empty(name).await;
        scene.start_operator(&[]);
        scene
    }

    pub async fn empty(name: &str) -> Self {
        rustls_provider();
        let client = Client::try_default()
            .await
            .expect("KUBECONFIG names an API server: run this by tests/with-control-plane");
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let namespace = serde_json::from_value(namespace).unwrap();
        namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap();
        Self {
            client,
            namespace: name.to_owned(),
            operator: None,
            nodes: None,
        }
    }

    pub fn start_nodes(&mut self) {
        let running = keep_pods_running(self.client.clone(), self.namespace.clone());
        self.nodes = Some(tokio::spawn(running));
    }

    /// Pods stay as they are.
    pub fn stop_nodes(&mut self) {
        if let Some(nodes) = self.nodes.take() {
            nodes.abort();
        }
    }

    pub fn start_operator(&mut self, more: &[&str]) {
        self.start_operator_over(self.client.clone(), more);
    }

    /// An operator whose requests are recorded.
    pub async fn start_counted_operator(&mut self, more: &[&str]) -> Requests {
        let requests = Requests::default();
        let config = kube::Config::infer().await.unwrap();
        let client = ClientBuilder::try_from(config).unwrap();
        let client = client.with_layer(&requests).build();
        self.start_operator_over(client, more);
        requests
    }

    fn start_operator_over(&mut self, client: Client, more: &[&str]) {
        let mut arguments = vec!["operator", "--namespace", &self.namespace];
        arguments.extend(more);
        if !more.contains(&"--resync") {
            arguments.extend(["--resync", "2s"]);
        }
        // Another build, such as the previous release, to see which of these tests it fails.
        if let Some(binary) = std::env::var_os("OPERATOR_BINARY") {
            arguments.extend(["--metrics-address", "127.0.0.1:0"]);
            let mut command = tokio::process::Command::new(binary);
            command
                .args(&arguments[1..])
                .stdout(Stdio::null())
                .kill_on_drop(true);
            self.operator = Some(tokio::spawn(async move {
                command.status().await.ok();
            }));
            return;
        }
        let config = Config::parse_from(arguments).run;
        let readiness = Readiness::new(&config.scopes());
        let never = std::future::pending().boxed().shared();
        let working = async move {
            let known = Definition::of(&definition(&client).await);
            work(client, &config, known, readiness, never)
                .await
                .unwrap();
        };
        self.operator = Some(tokio::spawn(working));
    }

    pub async fn stop_operator(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.abort();
            operator.await.ok();
        }
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub fn stacks(&self) -> Api<EcommerceStack> {
        self.api()
    }

    /// Applies a stack; `more` is merged into the smallest spec.
    pub async fn apply(&self, name: &str, more: Value) -> EcommerceStack {
        let mut spec =
            json!({ "version": "1", "database": { "managed": { "storage": { "size": "1Gi" } } } });
        for (key, value) in more.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let stack = json!({
            "apiVersion": "ecommercestack.dev/v1alpha1",
            "kind": "EcommerceStack",
            "metadata": { "name": name },
            "spec": spec,
        });
        let parameters = PatchParams::apply("test").force();
        self.stacks()
            .patch(name, &parameters, &Patch::Apply(stack))
            .await
            .unwrap()
    }

    pub async fn delete_stack(&self, name: &str) {
        self.stacks()
            .delete(name, &DeleteParams::background())
            .await
            .unwrap();
    }

    pub async fn names<K>(&self) -> Vec<String>
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + DeserializeOwned,
    {
        let all = self.api::<K>().list_metadata(&ListParams::default()).await;
        let mut names: Vec<_> = all.unwrap().iter().map(ResourceExt::name_any).collect();
        names.sort();
        names
    }

    pub async fn condition(&self, name: &str, type_: ConditionType) -> Option<Condition> {
        let status = self.stacks().get(name).await.unwrap().status?;
        let mut conditions = status.conditions.into_iter();
        conditions.find(|condition| condition.type_ == type_.into_str())
    }

    /// Waits for a condition of a status and reason.
    pub async fn reports(
        &self,
        name: &str,
        type_: ConditionType,
        status: &str,
        reason: &str,
    ) -> Condition {
        until(
            &format!("{name} says {} {status} {reason}", type_.into_str()),
            async || {
                let found = self.condition(name, type_).await.ok_or("no condition")?;
                if (found.status.as_str(), found.reason.as_str()) == (status, reason) {
                    Ok(found)
                } else {
                    Err(format!(
                        "{} {}: {}",
                        found.status, found.reason, found.message
                    ))
                }
            },
        )
        .await
    }

    pub async fn ready(&self, name: &str) -> Condition {
        self.reports(name, ConditionType::Ready, "True", "Running")
            .await
    }

    pub async fn patch<K>(&self, name: &str, patch: Value)
    where
        K: kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Debug
            + DeserializeOwned,
    {
        let parameters = PatchParams {
            field_manager: Some("kubectl-edit".to_owned()),
            ..PatchParams::default()
        };
        self.api::<K>()
            .patch(name, &parameters, &Patch::Strategic(patch))
            .await
            .unwrap();
    }
}

/// The cluster's definition of stacks: another test may have made it newer than this build's.
pub async fn definition(client: &Client) -> CustomResourceDefinition {
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions.get(EcommerceStack::crd_name()).await.unwrap()
}

/// Longer than it takes on a busy machine.
const LONGEST: Duration = Duration::from_mins(5);

/// Waits until `look` succeeds.
pub async fn until<T, E: std::fmt::Display>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(value) => return value,
            Err(error) if began.elapsed() > LONGEST => {
                panic!("not within {LONGEST:?}: {what}; last: {error}")
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

fn rustls_provider() {
    // The first test installs it; later calls fail and change nothing.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
}
