//! One `EcommerceStack` as its user sees it: applied, patched and deleted; waiting for it is a module of its own.

mod waiting;

use anyhow::{Context as _, Result, ensure};
use ecommercestack_crds::{ConditionType, EcommerceStack};
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::Condition};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{Cluster, Person, Shop, environment, sql::Database};

/// A stack by name; it need not exist yet.
#[derive(Clone)]
pub struct Stack {
    pub cluster: Cluster,
    pub namespace: String,
    pub name: String,
}

impl Stack {
    pub fn new(cluster: &Cluster, namespace: &str, name: &str) -> Self {
        Self {
            cluster: cluster.clone(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The host name, which differs for each namespace, since all stacks share one ingress.
    pub fn host(&self) -> String {
        format!("{}.{}.localhost", self.name, self.namespace)
    }

    /// The name of one of its objects: `shop-auth`.
    pub fn object(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.name)
    }

    /// The manifest of the smallest stack with these changes of its spec (a JSON merge patch).
    pub fn manifest(&self, changes: &Value) -> Value {
        let mut spec = json!({
            "version": environment::version(),
            "ingress": { "host": self.host() },
            "database": { "managed": { "storage": { "size": "1Gi" } } },
        });
        merge(&mut spec, changes);
        json!({
            "apiVersion": "ecommercestack.dev/v1alpha1",
            "kind": "EcommerceStack",
            "metadata": { "name": self.name, "namespace": self.namespace },
            "spec": spec,
        })
    }

    /// Applies the smallest stack with these changes, which replace those of an earlier apply.
    pub async fn apply(&self, changes: &Value) -> Result<EcommerceStack> {
        let params = PatchParams::apply("e2e").force();
        let applied = self
            .api()
            .patch(&self.name, &params, &Patch::Apply(self.manifest(changes)))
            .await?;
        Ok(applied)
    }

    /// The message with which the API server refuses such a manifest, as a dry run.
    pub async fn refusal(&self, manifest: &Value) -> Result<String> {
        let params = PatchParams::apply("e2e").force().dry_run();
        match self
            .api()
            .patch(&self.name, &params, &Patch::Apply(manifest))
            .await
        {
            Ok(_) => anyhow::bail!("the API server takes {}", manifest["spec"]),
            Err(kube::Error::Api(status)) => {
                ensure!(
                    matches!(status.code, 400 | 422),
                    "not a refusal of the spec: {status:?}"
                );
                Ok(status.message)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub async fn get(&self) -> Result<EcommerceStack> {
        Ok(self.api().get(&self.name).await?)
    }

    pub async fn delete(&self) -> Result<()> {
        self.api()
            .delete(&self.name, &DeleteParams::default())
            .await?;
        Ok(())
    }

    pub fn shop(&self) -> Result<Shop> {
        Shop::at(&self.host())
    }

    /// Logs the first administrator in with the credentials in the Secret.
    pub async fn administrator(&self) -> Result<Person> {
        let secrets = self.cluster.namespaced::<Secret>(&self.namespace);
        let data = secrets
            .get(&self.object("admin"))
            .await?
            .data
            .unwrap_or_default();
        let text = |key: &str| -> Result<String> {
            let value = data
                .get(key)
                .with_context(|| format!("the Secret has no {key}"))?;
            Ok(String::from_utf8_lossy(&value.0).into_owned())
        };
        self.shop()?
            .login(&text("email")?, &text("password")?)
            .await
    }

    pub fn database(&self) -> Database {
        Database {
            namespace: self.namespace.clone(),
            pod: self.object("postgres-0"),
        }
    }

    pub fn api(&self) -> Api<EcommerceStack> {
        self.cluster.namespaced(&self.namespace)
    }
}

/// A condition of a stack's status.
pub fn condition(stack: &EcommerceStack, kind: ConditionType) -> Option<Condition> {
    let conditions = &stack.status.as_ref()?.conditions;
    conditions
        .iter()
        .find(|condition| condition.type_ == kind.into_str())
        .cloned()
}

/// JSON merge patch (RFC 7396).
fn merge(target: &mut Value, changes: &Value) {
    let Value::Object(patch) = changes else {
        *target = changes.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, change) in patch {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), change);
        }
    }
}
