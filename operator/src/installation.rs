//! Which installation of the operator works on a stack. An installation is told from others by its Lease, and writes that
//! into `status.operator` before it touches anything of a stack. Another one that finds it there leaves the stack alone
//! while that Lease is renewed, and says so by a condition of its own (ADR 10).

use crate::{
    kube::{
        labels::{OPERATOR, annotation},
        lease::{self, LeaseError, LeaseName, Life, Observation},
    },
    status::{Finding, events::Events},
};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus, GROUP, Reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta, Time};
use kube::{
    Api, Client, Resource as _,
    api::{Patch, PatchParams},
    core::{PartialObjectMeta, PartialObjectMetaExt as _},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tracing::{debug, info};

/// The field manager of `status.operator`: not that of the rest, so that a pass that began before another installation took
/// over cannot write the old value back.
const CLAIM: &str = "ecommercestack-operator-claim";
/// The field manager of what an installation says of a stack that it leaves alone.
const BYSTANDER: &str = "ecommercestack-operator-bystander";

/// How often a Lease is read, however many stacks name it.
const LOOK: Duration = Duration::from_secs(3);

/// This installation, and what it knows of others.
#[derive(Clone)]
pub struct Installation {
    client: Client,
    /// Absent where no Lease is taken: such an operator leaves the stacks of others alone, and claims none.
    own: Option<String>,
    others: Arc<Mutex<HashMap<String, Other>>>,
}

#[derive(Debug, Default)]
struct Other {
    observation: Observation,
    /// When it was read last, and what came of it.
    last: Option<(Instant, Sign)>,
}

/// What can be told of another installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Known(Life),
    /// Its Lease may not be read.
    Hidden,
}

/// Whose a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Ours,
    /// Another installation works on it.
    Elsewhere,
    /// It was not seen for long enough to tell whether the other installation still works.
    Undecided,
}

/// A stack, as far as claims go.
struct Stack<'a> {
    metadata: &'a ObjectMeta,
    status: Option<&'a EcommerceStackStatus>,
}

impl Installation {
    pub fn new(client: Client, lease: Option<&LeaseName>) -> Self {
        Self {
            client,
            own: lease.map(LeaseName::to_string),
            others: Arc::default(),
        }
    }

    /// As it stands in `status.operator`.
    pub fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// Takes a stack that no other installation works on, or says whose it is. To be asked before anything is written.
    pub async fn claim(
        &self,
        events: &Events,
        metadata: &ObjectMeta,
        status: Option<&EcommerceStackStatus>,
    ) -> Result<Claim, LeaseError> {
        let stack = Stack { metadata, status };
        let owner = stack.operator().filter(|owner| Some(*owner) != self.own());
        if let Some(owner) = owner
            && !self.is_assigned(&stack)
        {
            match self.sign(owner).await? {
                Sign::Known(Life::Gone) => {}
                Sign::Known(Life::Unknown) => return Ok(Claim::Undecided),
                sign @ (Sign::Known(Life::Alive) | Sign::Hidden) => {
                    self.stand_by(events, &stack, owner, sign).await?;
                    return Ok(Claim::Elsewhere);
                }
            }
        }
        if stack.operator() != self.own() && !self.take(&stack).await? {
            return Ok(Claim::Undecided);
        }
        self.dismiss(&stack).await?;
        Ok(Claim::Ours)
    }

    /// Whether what a stack left is this installation's to remove. The answer may take as long as a Lease lasts.
    pub async fn is_left_to_us(&self, operator: Option<&str>) -> bool {
        let Some(operator) = operator.filter(|operator| Some(*operator) != self.own()) else {
            return true;
        };
        loop {
            match self.sign(operator).await {
                Ok(Sign::Known(Life::Gone)) => return true,
                Ok(Sign::Known(Life::Alive) | Sign::Hidden) => return false,
                Ok(Sign::Known(Life::Unknown)) => {}
                Err(error) => debug!(error = %error, operator, "cannot read a Lease"),
            }
            sleep(LOOK).await;
        }
    }

    /// Whether a person has given the stack to this installation.
    fn is_assigned(&self, stack: &Stack<'_>) -> bool {
        let assigned = annotation(stack.metadata, OPERATOR);
        assigned.is_some() && assigned == self.own()
    }

    async fn sign(&self, installation: &str) -> Result<Sign, LeaseError> {
        let mut others = self.others.lock().await;
        let other = others.entry(installation.to_owned()).or_default();
        // One that was gone a moment ago may be back.
        if let Some((at, sign)) = other.last
            && at.elapsed() < LOOK
            && sign != Sign::Known(Life::Gone)
        {
            return Ok(sign);
        }
        let Some(name) = LeaseName::parse(installation) else {
            return Ok(Sign::Known(Life::Gone));
        };
        let sign = match lease::read(&self.client, &name).await {
            Ok(found) => Sign::Known(other.observation.look(found.as_ref(), Instant::now())),
            Err(LeaseError::Api(kube::Error::Api(status))) if status.is_forbidden() => Sign::Hidden,
            Err(error) => return Err(error),
        };
        other.last = Some((Instant::now(), sign));
        Ok(sign)
    }

    /// Writes who works on the stack. False if somebody else wrote it in the meantime.
    async fn take(&self, stack: &Stack<'_>) -> Result<bool, LeaseError> {
        if let Some(before) = stack.operator() {
            info!(
                stack.namespace = stack.metadata.namespace,
                stack.name = stack.metadata.name,
                before,
                "takes a stack over"
            );
        }
        let status = match self.own() {
            Some(own) => json!({ "operator": own }),
            None => json!({}),
        };
        self.apply(stack, CLAIM, &status, Precondition::Unchanged)
            .await
    }

    /// Says that this installation leaves the stack alone, unless another one does already.
    async fn stand_by(
        &self,
        events: &Events,
        stack: &Stack<'_>,
        owner: &str,
        sign: Sign,
    ) -> Result<(), LeaseError> {
        let Some(own) = self.own() else {
            info!(
                stack.namespace = stack.metadata.namespace,
                stack.name = stack.metadata.name,
                owner,
                "leaves a stack alone that another installation works on"
            );
            return Ok(());
        };
        if let Some(other) = stack.bystander().filter(|other| *other != own)
            && self.sign(other).await? != Sign::Known(Life::Gone)
        {
            return Ok(());
        }
        let message = message(own, owner, sign, stack.metadata);
        let before = stack.conflict();
        if stack.bystander() == Some(own) && before.is_some_and(|before| before.message == message)
        {
            return Ok(());
        }
        let since = before.map_or(Time(Timestamp::now()), |before| {
            before.last_transition_time.clone()
        });
        let condition = Condition {
            type_: ConditionType::OperatorConflict.as_str().to_owned(),
            status: "True".to_owned(),
            reason: Reason::OwnedElsewhere.as_str().to_owned(),
            message,
            observed_generation: stack.metadata.generation,
            last_transition_time: since,
        };
        let status = json!({ "bystander": own, "conditions": [condition] });
        self.apply(stack, BYSTANDER, &status, Precondition::SameStack)
            .await?;
        let finding = Finding::new(Reason::OwnedElsewhere, condition.message);
        let reference = stack.reference().object_ref(&());
        events.tell(&reference, &finding).await;
        Ok(())
    }

    /// Takes back what an installation said that watches the stack no more, or has taken it over.
    async fn dismiss(&self, stack: &Stack<'_>) -> Result<(), LeaseError> {
        let Some(bystander) = stack.bystander() else {
            return Ok(());
        };
        if Some(bystander) == self.own() || self.sign(bystander).await? == Sign::Known(Life::Gone) {
            self.apply(stack, BYSTANDER, &json!({}), Precondition::SameStack)
                .await?;
        }
        Ok(())
    }

    /// Whether it was written: not where the stack is gone, or was changed against the precondition.
    async fn apply(
        &self,
        stack: &Stack<'_>,
        manager: &str,
        status: &Value,
        precondition: Precondition,
    ) -> Result<bool, LeaseError> {
        let ObjectMeta {
            name,
            namespace,
            uid,
            resource_version,
            ..
        } = stack.metadata;
        let mut metadata = json!({ "name": name, "uid": uid });
        if precondition == Precondition::Unchanged {
            metadata["resourceVersion"] = json!(resource_version);
        }
        let patch = Patch::Apply(json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": "EcommerceStack",
            "metadata": metadata,
            "status": status,
        }));
        let api: Api<PartialObjectMeta<EcommerceStack>> = Api::namespaced(
            self.client.clone(),
            namespace.as_deref().unwrap_or_default(),
        );
        let parameters = PatchParams::apply(manager).force();
        let name = name.as_deref().unwrap_or_default();
        match api.patch_status(name, &parameters, &patch).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What must be so for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precondition {
    /// Nobody has written the stack since it was read.
    Unchanged,
    SameStack,
}

impl<'a> Stack<'a> {
    fn operator(&self) -> Option<&'a str> {
        self.status?.operator.as_deref()
    }

    fn bystander(&self) -> Option<&'a str> {
        self.status?.bystander.as_deref()
    }

    fn conflict(&self) -> Option<&'a Condition> {
        crate::status::condition(&self.status?.conditions, ConditionType::OperatorConflict)
    }

    fn reference(&self) -> PartialObjectMeta<EcommerceStack> {
        self.metadata.clone().into_request_partial()
    }
}

fn message(own: &str, owner: &str, sign: Sign, metadata: &ObjectMeta) -> String {
    let name = metadata.name.as_deref().unwrap_or_default();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let assign = format!(
        "run kubectl annotate ecommercestack {name} --namespace {namespace} --overwrite {OPERATOR}={own}"
    );
    match sign {
        Sign::Known(_) => format!(
            "the operator with the Lease {owner} works on this stack, so the one with the Lease {own} leaves it alone; uninstall one of \
             them, or let them watch different namespaces; to give the stack to {own}, {assign}"
        ),
        Sign::Hidden => format!(
            "the operator with the Lease {owner} has worked on this stack, so the one with the Lease {own}, which may not read that \
             Lease, leaves it alone; if that installation is gone, {assign}"
        ),
    }
}

/// A status without what concerns claims: the rest of a pass neither reads nor writes that.
pub fn without_claims(status: Option<EcommerceStackStatus>) -> Option<EcommerceStackStatus> {
    let mut status = status?;
    status.operator = None;
    status.bystander = None;
    let conflict = ConditionType::OperatorConflict.as_str();
    status.conditions.retain(|one| one.type_ != conflict);
    (status != EcommerceStackStatus::default()).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_says_no_more_than_whose_the_stack_is_counts_as_none() {
        let claimed = EcommerceStackStatus {
            operator: Some("shops/operator".to_owned()),
            ..EcommerceStackStatus::default()
        };
        assert_eq!(without_claims(Some(claimed.clone())), None);
        let told = EcommerceStackStatus {
            url: Some("http://shop.example".to_owned()),
            ..EcommerceStackStatus::default()
        };
        let condition = Condition {
            type_: ConditionType::OperatorConflict.as_str().to_owned(),
            status: "True".to_owned(),
            reason: Reason::OwnedElsewhere.as_str().to_owned(),
            message: String::new(),
            observed_generation: None,
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        };
        let contested = EcommerceStackStatus {
            bystander: Some("shops/other".to_owned()),
            conditions: vec![condition],
            url: told.url.clone(),
            ..claimed
        };
        assert_eq!(without_claims(Some(contested)), Some(told));
    }
}
