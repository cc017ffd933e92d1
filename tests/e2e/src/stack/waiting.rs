//! Waiting for a stack: until it is Ready, until the ingress serves it, until its conditions or pods are as expected.

use anyhow::{Context as _, Result, ensure};
use ecommercestack_crds::{ConditionType, EcommerceStack, Reason};
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        core::v1::{Pod, Secret},
    },
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ListParams},
};

use super::{Stack, condition};
use crate::{Shop, wait, wait::seconds};

/// The time that a new stack may take until it is Ready while others start on the same two cores.
const READY_SECONDS: u64 = 240;

impl Stack {
    /// Waits until everything runs as the current spec says.
    pub async fn ready(&self) -> Result<EcommerceStack> {
        wait::until(
            format!("stack {} is Ready", self.name),
            seconds(READY_SECONDS),
            async || {
                let stack = self.get().await?;
                let observed = stack
                    .status
                    .as_ref()
                    .and_then(|status| status.observed_generation);
                ensure!(
                    observed == stack.metadata.generation,
                    "status is of generation {observed:?}"
                );
                let ready = condition(&stack, ConditionType::Ready).context("no status yet")?;
                ensure!(
                    ready.status == "True",
                    "{}: {}",
                    ready.reason,
                    ready.message
                );
                Ok(stack)
            },
        )
        .await
    }

    /// Waits until everything runs and the ingress routes to it. Ready alone does not guarantee that: an ingress controller
    /// applies new routes later, and another stack may answer under any host until then.
    pub async fn serving(&self) -> Result<EcommerceStack> {
        let stack = self.ready().await?;
        let host = stack.spec.ingress.clone().and_then(|ingress| ingress.host);
        let shop = Shop::at(&host.unwrap_or_else(|| self.host()))?;
        wait::until(
            format!("the ingress routes to stack {}", self.name),
            seconds(30),
            async || {
                let secret = self
                    .cluster
                    .namespaced::<Secret>(&self.namespace)
                    .get(&self.object("jwt"))
                    .await?;
                let active = secret
                    .data
                    .and_then(|mut data| data.remove("active"))
                    .unwrap_or_default();
                let kid = String::from_utf8_lossy(&active.0).trim().to_owned();
                let keys = shop.get("/.well-known/jwks.json").await?.expect(200)?;
                ensure!(
                    !kid.is_empty() && keys.body.contains(&kid),
                    "another stack answers"
                );
                // No other stack accepts its token.
                let customer = shop.register("customer").await?;
                for path in ["/api/v1/products", "/api/v1/orders"] {
                    customer.get(path).await?.expect(200)?;
                }
                Ok(stack.clone())
            },
        )
        .await
    }

    /// Waits until a condition of the current spec has this status and reason.
    pub async fn reports(
        &self,
        kind: ConditionType,
        status: &str,
        reason: Reason,
        limit: u64,
    ) -> Result<Condition> {
        let what = format!(
            "stack {} reports {}={status} ({})",
            self.name,
            kind.into_str(),
            reason.into_str()
        );
        wait::until(what, seconds(limit), async || {
            let stack = self.get().await?;
            let found = condition(&stack, kind).context("no such condition yet")?;
            ensure!(
                found.observed_generation == stack.metadata.generation,
                "it is of an older generation"
            );
            ensure!(
                found.status == status && found.reason == reason.into_str(),
                "{}={} ({}): {}",
                found.type_,
                found.status,
                found.reason,
                found.message
            );
            Ok(found)
        })
        .await
    }

    /// The pods of a component that are not being deleted.
    pub async fn pods(&self, component: &str) -> Result<Vec<Pod>> {
        let labels = format!(
            "app.kubernetes.io/name={component},app.kubernetes.io/instance={}",
            self.name
        );
        let pods: Api<Pod> = self.cluster.namespaced(&self.namespace);
        let pods = pods.list(&ListParams::default().labels(&labels)).await?;
        Ok(pods
            .items
            .into_iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
            .collect())
    }

    /// Deletes the pods whose containers were restarted, and waits until their replacements are ready.
    pub async fn replace_restarted_pods(&self, component: &str) -> Result<()> {
        let pods: Api<Pod> = self.cluster.namespaced(&self.namespace);
        for pod in self
            .pods(component)
            .await?
            .iter()
            .filter(|pod| restarts(pod) > 0)
        {
            pods.delete(&pod.name_any(), &DeleteParams::default())
                .await?;
        }
        wait::until(
            format!("{component} has fresh pods"),
            seconds(90),
            async || {
                let pods = self.pods(component).await?;
                ensure!(
                    pods.iter().all(|pod| restarts(pod) == 0),
                    "some were restarted"
                );
                ensure!(
                    !pods.is_empty() && pods.iter().all(is_ready),
                    "not all are ready"
                );
                Ok(())
            },
        )
        .await?;
        self.deployed(component, None).await.map(drop)
    }

    /// Waits until the Deployment exists with another uid than `not`, and all its pods are ready.
    pub async fn deployed(&self, suffix: &str, not: Option<&str>) -> Result<Deployment> {
        let name = self.object(suffix);
        let api: Api<Deployment> = self.cluster.namespaced(&self.namespace);
        wait::until(
            format!("Deployment {name} exists and is ready"),
            seconds(120),
            async || {
                let found = api.get(&name).await?;
                ensure!(found.uid().as_deref() != not, "the old one still exists");
                let wanted = found.spec.replicas.unwrap_or(1);
                let status = found.status.clone().unwrap_or_default();
                ensure!(
                    status.observed_generation == found.metadata.generation,
                    "the controller has not seen it"
                );
                let ready = status.ready_replicas.unwrap_or(0);
                ensure!(ready == wanted, "{ready} of {wanted} pods are ready");
                Ok(found)
            },
        )
        .await
    }
}

fn restarts(pod: &Pod) -> i32 {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_deref());
    statuses
        .unwrap_or_default()
        .iter()
        .map(|status| status.restart_count)
        .sum()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref());
    conditions
        .unwrap_or_default()
        .iter()
        .any(|one| one.type_ == "Ready" && one.status == "True")
}
