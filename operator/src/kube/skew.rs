//! Whether the cluster's EcommerceStack CRD is the one that this operator knows. The API server drops fields that its
//! CRD lacks from every object that is written: with an older CRD, a write of the status would remove fields of users'
//! specs. The server's OpenAPI document contains the schema, and any account may read it. // OPERATOR 21

use crate::kube::readiness::Readiness;
use axum::http::Request;
use ecommercestack_crds::{EcommerceStack, GROUP};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Client, CustomResourceExt as _};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use telemetry::chain;
use tokio::{sync::Mutex, time::timeout};
use tracing::warn;

/// How long a check is valid while the operator is active, so that passes over many stacks share one.
const FRESH: Duration = Duration::from_mins(1);
/// How long a failed check is valid.
const FAILED: Duration = Duration::from_secs(10);
/// Passes wait for a check.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Before the first pass, no caller waits for a check.
const FIRST_TIMEOUT: Duration = Duration::from_mins(1);
/// The pause between checks while the CRD is missing or of another version.
const PAUSE: Duration = Duration::from_secs(2);
/// The number of fields that a message names.
const NAMED: usize = 3;

/// Fields and enum values of a CRD.
#[derive(Clone, Debug)]
pub struct Definition(BTreeSet<String>);

/// Checks the cluster's CRD before the first pass and while the operator is active.
#[derive(Clone)]
pub struct Guard {
    client: Client,
    readiness: Readiness,
    known: Arc<Definition>,
    /// The last check while the operator is active.
    last: Arc<Mutex<Option<Check>>>,
}

/// Until when it is valid, and what was missing.
type Check = (Instant, Option<Skew>);

/// How the cluster's CRD differs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Skew {
    #[error(
        "the EcommerceStack CRD in the cluster is older than this operator and lacks {0}; apply the CRD of this \
         operator's release"
    )]
    Older(Fields),
    #[error(
        "the EcommerceStack CRD in the cluster is newer than this operator, which does not know {0}; upgrade the \
         operator"
    )]
    Newer(Fields),
}

/// Fields and values, such as `spec.currency` and `spec.deletionPolicy=Retain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(BTreeSet<String>);

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<&str> = self.0.iter().take(NAMED).map(String::as_str).collect();
        f.write_str(&named.join(", "))?;
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the EcommerceStack CRD cannot be read")]
    Request(#[from] kube::Error),
    #[error("the cluster has no EcommerceStack CRD; apply the CRD of this operator's release")]
    Absent,
    #[error("the API server did not return the EcommerceStack CRD in time")]
    Overdue,
}

impl Definition {
    /// The CRD of this build.
    pub fn known() -> Self {
        Self::of(&EcommerceStack::crd())
    }

    pub fn of(definition: &CustomResourceDefinition) -> Self {
        let versions = json!(definition.spec.versions);
        Self(fields(&versions[0]["schema"]["openAPIV3Schema"]))
    }

    fn beyond(&self, other: &Self) -> Option<Fields> {
        let places: BTreeSet<String> = self.0.difference(&other.0).cloned().collect();
        (!places.is_empty()).then_some(Fields(places))
    }
}

impl Guard {
    pub fn new(client: Client, readiness: Readiness, known: Definition) -> Self {
        Self {
            client,
            readiness,
            known: Arc::new(known),
            last: Arc::default(),
        }
    }

    /// Waits until the cluster's CRD is the one of this operator, and reports meanwhile what is wrong.
    pub async fn wait(&self) {
        let mut said = None;
        loop {
            let obstacle = match self.skew(FIRST_TIMEOUT).await {
                Ok(None) => break,
                Ok(Some(skew)) => skew.to_string(),
                Err(error) => chain(&error),
            };
            if said.as_ref() != Some(&obstacle) {
                warn!("reconciling is stopped: {obstacle}");
                said = Some(obstacle.clone());
            }
            self.readiness.refuses(Some(obstacle));
            tokio::time::sleep(PAUSE).await;
        }
        self.readiness.refuses(None);
    }

    /// Whether the cluster's CRD has become older than this operator. A newer one only affects stacks that use its new
    /// fields, and each of those reports it; a check that fails changes nothing.
    pub async fn holds_back(&self) -> bool {
        let mut last = self.last.lock().await;
        let before = match &*last {
            Some((until, lack)) if Instant::now() < *until => return lack.is_some(),
            Some((_, lack)) => lack.clone(),
            None => None,
        };
        let (lack, counts) = match self.skew(TIMEOUT).await {
            Ok(skew) => (skew.filter(|skew| matches!(skew, Skew::Older(_))), FRESH),
            Err(error) => {
                warn!(error = %chain(&error), "cannot read the EcommerceStack CRD");
                (before.clone(), FAILED)
            }
        };
        if let Some(skew) = &lack
            && lack != before
        {
            warn!("reconciling is stopped: {skew}");
        }
        self.readiness.refuses(lack.as_ref().map(Skew::to_string));
        let holds_back = lack.is_some();
        *last = Some((Instant::now() + counts, lack));
        holds_back
    }

    /// How the cluster's CRD differs.
    async fn skew(&self, longest: Duration) -> Result<Option<Skew>, ReadError> {
        let served = timeout(longest, served(&self.client)).await;
        let served = served.map_err(|_| ReadError::Overdue)??;
        let older = self.known.beyond(&served).map(Skew::Older);
        Ok(older.or_else(|| served.beyond(&self.known).map(Skew::Newer)))
    }
}

/// All fields of the CRD that the API server uses.
async fn served(client: &Client) -> Result<Definition, ReadError> {
    let address = format!("/openapi/v3/apis/{GROUP}/v1alpha1");
    let request = Request::get(address).body(Vec::new());
    let request = request.map_err(kube::Error::HttpError)?;
    let document: Value = match client.request(request).await {
        Ok(document) => document,
        // Matched by the code, since the server answers in plain text, from which kube takes no reason.
        Err(kube::Error::Api(status)) if status.code == 404 => return Err(ReadError::Absent),
        Err(error) => return Err(error.into()),
    };
    let schemas = document["components"]["schemas"].as_object();
    let is_stack = |schema: &&Value| {
        let kinds = schema["x-kubernetes-group-version-kind"].as_array();
        let mut kinds = kinds.into_iter().flatten();
        kinds.any(|kind| kind["kind"] == "EcommerceStack")
    };
    let stack = schemas.and_then(|schemas| schemas.values().find(is_stack));
    let stack = stack.ok_or(ReadError::Absent)?;
    Ok(Definition(fields(stack)))
}

/// Every field below `spec` and `status`, and every enum value.
fn fields(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in ["spec", "status"] {
        collect(&schema["properties"][part], part, &mut found);
    }
    found
}

fn collect(schema: &Value, place: &str, found: &mut BTreeSet<String>) {
    let words = schema["enum"].as_array().into_iter().flatten();
    found.extend(words.filter_map(|word| Some(format!("{place}={}", word.as_str()?))));
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        collect(inner, &place, found);
        found.insert(place);
    }
    let inner = [schema.get("items"), schema.get("additionalProperties")];
    for inner in inner.into_iter().flatten() {
        collect(inner, &format!("{place}[]"), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Response;
    use kube::client::Body;
    use std::{convert::Infallible, future::pending};

    #[test]
    fn fields_at_any_depth_and_words_are_places() {
        let schema = json!({ "properties": {
            "metadata": { "properties": { "name": {} } },
            "spec": { "properties": {
                "policy": { "enum": ["Retain", null] },
                "list": { "items": { "properties": { "size": { "type": "string" } } } },
                "map": { "additionalProperties": { "properties": { "image": {} } } },
            } },
        } });
        let found = Vec::from_iter(fields(&schema));
        let expected = [
            "spec.list",
            "spec.list[].size",
            "spec.map",
            "spec.map[].image",
            "spec.policy",
            "spec.policy=Retain",
        ];
        assert_eq!(found, expected);
        let many = Fields(found.into_iter().collect());
        assert_eq!(
            many.to_string(),
            "spec.list, spec.list[].size, spec.map and 3 more"
        );
    }

    #[test]
    fn this_builds_own_definition_has_its_fields() {
        let Definition(known) = Definition::known();
        for place in [
            "spec.version",
            "status.conditions[].type",
            "spec.deletionPolicy=Retain",
        ] {
            assert!(known.contains(place), "{place}");
        }
    }

    /// A clock held still moves on as long as everything waits: the outer limit is reached if there is no other.
    #[tokio::test(start_paused = true)]
    async fn a_check_that_is_never_answered_delays_no_pass() {
        let unreachable =
            tower::service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
        let client = Client::new(unreachable, "shops");
        let guard = Guard::new(client, Readiness::new(&[]), Definition::known());
        let looked = timeout(Duration::from_mins(1), guard.holds_back()).await;
        assert_eq!(looked, Ok(false));
        // And it counts for a while, so that a thousand stacks do not wait one after the other.
        let looked = timeout(Duration::from_secs(1), guard.holds_back()).await;
        assert_eq!(looked, Ok(false));
    }
}
